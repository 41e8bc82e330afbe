import axios, { AxiosError, type AxiosInstance } from 'axios';
import type { NetworkSwitch } from './network-switch.ts';

/**
 * Requests that fail while the network is switched off. So do answers on their way: to the engine, an answer that arrives
 * proves that there is a network.
 */
export function cuttableRequests(network: NetworkSwitch): AxiosInstance {
  const requests = axios.create();
  const pass = <T>(value: T): T => {
    if (network.isCut()) throw new AxiosError('The switch "Offline" is on', AxiosError.ERR_NETWORK);
    return value;
  };
  requests.interceptors.request.use(pass);
  requests.interceptors.response.use(pass);
  return requests;
}
