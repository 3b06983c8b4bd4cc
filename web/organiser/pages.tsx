// The organiser's pages.

import { Page } from "../parts/page";

export function OrganiserPages({ path }: { readonly path: string }) {
  return <Page title="Organise">{path}</Page>;
}
