import { sqliteDefaults, type DriverProfile } from './driver-profile.ts';
import { asynchronousConnection, statementConnection } from './raw-connection.ts';

/** Any driver in the form of expo-sqlite without its own profile. */
export const expoProfile = {
  ...sqliteDefaults,
  name: 'expo',
  type: 'expo',
  rawConnection: asynchronousConnection,
} as const satisfies DriverProfile;

const throughTypeOrm = <Type extends DriverProfile['type']>(type: Type): DriverProfile => ({
  ...sqliteDefaults,
  name: type,
  type,
  rawConnection: (_, bareRunner) => statementConnection(bareRunner),
});

/** SQLite on phones, as TypeORM opens it. */
export const platformProfiles: readonly DriverProfile[] = [
  expoProfile,
  throughTypeOrm('react-native'),
  throughTypeOrm('cordova'),
  throughTypeOrm('capacitor'),
  throughTypeOrm('nativescript'),
];
