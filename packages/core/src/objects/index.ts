/**
 * Objects under keys: the contract of a store, and one in a folder.
 *
 * @packageDocumentation
 */
export {
  type FolderObjects,
  type FolderObjectsOptions,
  folderObjects,
} from "./folder/folder-objects.ts";
export type {
  CallOptions,
  GetOptions,
  ObjectBody,
  ObjectPage,
  ObjectQuery,
  ObjectStore,
  ObjectStoreCapabilities,
  PresignOptions,
  PutOptions,
  StoredObject,
} from "./object-store.ts";
