/** One customer with the ETag that a change of the contacts is decided on. */
import { api, okWithTag, type Schema } from './api';
import { Loaded } from './load.svelte';

export class LoadedCustomer extends Loaded<{ data: Schema['CustomerDetail']; etag: string }> {
  fetch(customer: string): Promise<void> {
    return this.run(() => okWithTag(api.GET('/v1/customers/{customer}', { params: { path: { customer } } })));
  }
}
