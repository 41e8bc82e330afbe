import type { Driver } from 'typeorm';

/** Calls `act` before `Driver.disconnect`, which `DataSource.destroy` calls. TypeORM has no event for it. */
export function beforeDisconnect(driver: Driver, act: () => void): void {
  const disconnect = driver.disconnect.bind(driver);
  driver.disconnect = () => {
    act();
    return disconnect();
  };
}
