export { default } from "./codec.js";
