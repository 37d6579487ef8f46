//! Hands the linker the order of the code in the program (`scripts/link`).

use std::env;

/// Relative to the package.
const SCRIPT: &str = "scripts/link/steady.ld";

/// The linkers of other systems have other scripts, or none.
#[expect(
    clippy::disallowed_methods,
    reason = "a build script is told by its environment"
)]
fn main() {
    println!("cargo::rerun-if-changed={SCRIPT}");
    let is_linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_linux && is_release {
        let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{root}/{SCRIPT}");
    }
}
