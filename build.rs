//! Hands the linker the order of the code in the program (`scripts/link`).

use std::env;

/// The linkers of other systems have other scripts, or none.
#[expect(
    clippy::disallowed_methods,
    reason = "a build script is told by its environment"
)]
fn main() {
    const SCRIPT: &str = "scripts/link/steady.ld";
    println!("cargo::rerun-if-changed={SCRIPT}");
    let of_target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_release && of_target("OS") == "linux" {
        let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{root}/{SCRIPT}");
    }
}
