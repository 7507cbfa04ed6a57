//! Embeds the shipped rules, `deploy/rules/*.yaml`, for `demo` and for a first look without files.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var_os("CARGO_MANIFEST_DIR").map(|folder| Path::new(&folder).join("../../deploy/rules"));
    let (Some(root), Some(out)) = (root, env::var_os("OUT_DIR")) else {
        return Err(io::Error::other("cargo sets CARGO_MANIFEST_DIR and OUT_DIR"));
    };
    println!("cargo:rerun-if-changed={}", root.display());
    let mut names: Vec<_> = fs::read_dir(&root)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    names.sort();
    let mut text = String::from(
        "/// The shipped rule files: name and content.\npub(crate) const SHIPPED: &[(&str, &str)] = &[\n",
    );
    for path in names {
        let path = fs::canonicalize(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        writeln!(text, "    ({name:?}, include_str!({:?})),", path.display().to_string())
            .map_err(io::Error::other)?;
    }
    text.push_str("];\n");
    fs::write(Path::new(&out).join("shipped.rs"), text)
}
