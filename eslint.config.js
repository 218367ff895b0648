import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["src/radistill/page/web/vendor/"] },
  js.configs.recommended,
  {
    rules: {
      "array-callback-return": "error",
      curly: ["error", "multi-line"],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-else-return": "error",
      "no-implicit-globals": "error",
      "no-shadow": "error",
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      "prefer-template": "error",
    },
  },
  { files: ["src/**"], languageOptions: { globals: { ...globals.browser, ...globals.worker } } },
  { files: ["src/radistill/page/web/sw.js"], languageOptions: { globals: globals.serviceworker } },
  { files: ["src/radistill/page/web/app/theme.js"], languageOptions: { sourceType: "script" } },
  { files: ["tests/**"], languageOptions: { globals: globals.node } },
];
