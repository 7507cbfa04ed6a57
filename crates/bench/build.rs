//! Tells the crate how it is compiled, for the machine line of a table: profile, its settings, compiler, target.
//!
//! Cargo names only `debug` or `release` to a build script; the profile itself is a part of the output path, and its
//! settings stand in the workspace's manifest.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    let profile = profile().unwrap_or_else(|| "unknown".to_owned());
    let manifest =
        env::var_os("CARGO_MANIFEST_DIR").map(|folder| Path::new(&folder).join("../../Cargo.toml"));
    let text = manifest.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let lto = setting(&text, &profile, "lto").unwrap_or_else(|| "default".to_owned());
    let units = setting(&text, &profile, "codegen-units").unwrap_or_else(|| "default".to_owned());
    let compiler = env::var_os("RUSTC").and_then(|rustc| Command::new(rustc).arg("--version").output().ok());
    let compiler =
        compiler.map_or_else(String::new, |output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    for (name, value) in [
        ("PROFILE_NAME", profile),
        ("LTO", lto),
        ("CODEGEN_UNITS", units),
        ("COMPILER", compiler),
        ("OPT_LEVEL", variable("OPT_LEVEL")),
        ("TARGET", variable("TARGET")),
        ("TARGET_FEATURES", variable("CARGO_CFG_TARGET_FEATURE")),
    ] {
        println!("cargo:rustc-env=HSMSTREAM_{name}={value}");
    }
    if let Some(path) = manifest.filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    println!("cargo:rerun-if-changed=build.rs");
}

fn variable(name: &str) -> String {
    env::var_os(name).map_or_else(String::new, |value| value.to_string_lossy().into_owned())
}

/// `…/target/PROFILE/build/hsmstream-bench-HASH/out`.
fn profile() -> Option<String> {
    let out = env::var_os("OUT_DIR")?;
    let folder = Path::new(&out).ancestors().nth(3)?.file_name()?.to_string_lossy().into_owned();
    Some(if folder == "debug" { "dev".to_owned() } else { folder })
}

/// A setting of a profile, or of the one that it inherits from.
fn setting(manifest: &str, profile: &str, name: &str) -> Option<String> {
    let head = format!("[profile.{profile}]");
    let mut lines = manifest.lines().skip_while(|line| line.trim() != head).skip(1);
    let mut inherits = None;
    let inside = lines.by_ref().take_while(|line| !line.starts_with('['));
    for (key, value) in inside.filter_map(|line| line.split_once('=')) {
        let value = value.trim().trim_matches('"').to_owned();
        match key.trim() {
            key if key == name => return Some(value),
            "inherits" => inherits = Some(value),
            _ => {}
        }
    }
    setting(manifest, &inherits?, name)
}
