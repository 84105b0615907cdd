"""npm_modules.py: real modules, made by others, that commands of this tree fetch from the npm registry (npm.py).

One row a module: a short name, package with version, file in the package, SHA-256 of the module, what it was made with.
"""
from collections import namedtuple

Module = namedtuple('Module', 'name package member sha256 language')

MODULES = [Module(*row) for row in (
    ('7z', '7z-wasm@1.2.0', '7zz.wasm',
     'e16c6997e2eaa89575c0dd1f305074be629c3f4d87246244d37fd19debc8a285', 'C++, Emscripten'),
    ('automerge', '@automerge/automerge-wasm@0.17.0', 'nodejs/automerge_wasm_bg.wasm',
     '72ed25704aed2a166fa19652e5f94e8ba83d253e53ae66c1f4a6b65229ae3bad', 'Rust, wasm-bindgen'),
    ('resvg', '@resvg/resvg-wasm@2.6.2', 'index_bg.wasm',
     '22bf6e9f9a100d972da0411a69c5ba504367fc1fa87b3b64e3f35e53926d2d70', 'Rust, wasm-bindgen'),
    ('tesseract', 'tesseract.js-core@7.0.0', 'tesseract-core-simd.wasm',
     '7d237a13edfeb0fa2f104744fccde0a00e0c076c3e23b7a8fc7af75ec9af2c3e', 'C++, Emscripten, SIMD'),
    ('webauthn', 'webauthn4js@3.0.0', 'webauthn4js.wasm',
     'f946c685f162ba0b3dc6be844f9e189d92d9f59fc873f564b4bcb33af6704f35', 'Go'),
    ('canvaskit', 'canvaskit-wasm@0.42.0', 'bin/canvaskit.wasm',
     '25ebed8e60158c5854f8dc807b936daca21354f8bfb6a2231266b0a93812f301', 'C++, Emscripten'),
    ('matrix-crypto', '@matrix-org/matrix-sdk-crypto-wasm@18.9.0', 'pkg/matrix_sdk_crypto_wasm_bg.wasm',
     'e6fc166a85fc6aef11d67228768a2d61f964e22e37d218f237ce13641c76522d', 'Rust, wasm-bindgen'),
    ('pglite', '@electric-sql/pglite@0.5.16', 'dist/pglite.wasm',
     '5256d9ac379f631355f41ab30291e6a6d9f854242b5ee2a2d0940e28041d3fca', 'C, Emscripten'),
    ('ruff', '@astral-sh/ruff-wasm-web@0.16.9', 'ruff_wasm_bg.wasm',
     '9126a38a11627d1abf850e32c37a24efd5fb329af620ab209529ad1d6bfe04fc', 'Rust, wasm-bindgen'),
    ('esbuild', 'esbuild-wasm@0.28.2', 'esbuild.wasm',
     'b1831a5c0f6cf688034fb94d0419812f165ea316a3380d3fc00a151e562d2eaf', 'Go'),
    ('ruby', '@ruby/3.3-wasm-wasi@2.10.1', 'dist/ruby.wasm',
     '6ed4db69b832690b1b84605a53e607044243c555b85a913f647fd362675b70b0', 'C, wasi-sdk, asyncify'),
    ('excelize', 'excelize-wasm@0.1.3', 'excelize.wasm.gz',
     '4b1cfd766be9bae9f6f76921f8ad69c1aa92e335ed749494a9d71c1522178aee', 'Go'),
    ('swc', '@swc/wasm-web@1.16.18', 'wasm_bg.wasm',
     'd19a5bdadaf0f0a20dfa652ebcb58faa87b68c48d53fd68e474906b4608766bc', 'Rust, wasm-bindgen'),
    ('php', '@php-wasm/web-8-3@3.1.55', 'asyncify/8_3_33/php_8_3.wasm',
     '1beafc2102377032ec248db795d00f9f3dbdcddc9d4ba33e3745e2580e1cc147', 'C, Emscripten, asyncify'),
    ('typst', '@myriaddreamin/typst-ts-web-compiler@0.7.0', 'pkg/typst_ts_web_compiler_bg.wasm',
     '1fc968438a672366dfec39c96c842c26ed29caff4eb1bcaab19a6c60867de5fd', 'Rust, wasm-bindgen'),
    ('biome', '@biomejs/wasm-web@2.4.15', 'biome_wasm_bg.wasm',
     '2b290bc59a3e2788d1438f7aae7977a12124df78a591ac6313d3e8a94d0fb314', 'Rust, wasm-bindgen'),
    ('duckdb', '@duckdb/duckdb-wasm@1.32.0', 'dist/duckdb-mvp.wasm',
     '45d72a81fba8e57693d890da837c7041310e385e75619a8559839b15388dfe97', 'C++, Emscripten'),
)]
