/** A list that comes page by page (`items`, `next`): the first page, then more of it. */
import { Loaded } from './load.svelte';

export interface Page<Row> {
  items: Row[];
  next: string | null;
}

export class Pages<Row> extends Loaded<Page<Row>> {
  #fetch: (cursor: string | undefined) => Promise<Page<Row>>;
  constructor(fetch: (cursor: string | undefined) => Promise<Page<Row>>) {
    super();
    this.#fetch = fetch;
  }
  get rows(): readonly Row[] {
    return this.value?.items ?? [];
  }
  first(): Promise<void> {
    return this.run(() => this.#fetch(undefined));
  }
  more(): Promise<void> {
    const before = this.value;
    return this.run(async () => {
      const page = await this.#fetch(before?.next ?? undefined);
      return { items: [...(before?.items ?? []), ...page.items], next: page.next };
    });
  }
}
