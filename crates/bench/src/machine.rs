//! What a figure depends on: processor, caches, system, compiler, profile.
//!
//! Read from `/proc`, `/sys` and `/etc` (Linux); elsewhere what is not known is absent.

use std::fs;
use std::thread::available_parallelism;

use hsmstream_record::Vectors;

/// The machine and its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Model of the processor, as it names itself.
    pub processor: Option<String>,
    /// Architecture: `x86_64`, `aarch64`.
    pub architecture: &'static str,
    /// Processors that this process may use.
    pub cores: usize,
    /// Size of the largest cache that the first processor sees, in bytes.
    pub last_cache_bytes: Option<usize>,
    /// Vector instructions that the parser uses here.
    pub vectors: &'static str,
    /// Kernel with its release.
    pub kernel: Option<String>,
    /// Distribution.
    pub system: Option<String>,
    /// Processes that were ready to run in the last minute, on average. Above 1 the machine does something else, too.
    pub load: Option<f64>,
}

/// How this program was compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// Version of the workspace.
    pub version: &'static str,
    /// Cargo profile: `release` is what ships.
    pub profile: &'static str,
    /// Link-time optimisation of the profile, as its manifest says it.
    pub lto: &'static str,
    /// Units that the compiler cut each crate into.
    pub codegen_units: &'static str,
    /// Level of optimisation.
    pub opt_level: &'static str,
    /// Whether debug assertions are on: figures of such a build mean nothing.
    pub debug_assertions: bool,
    /// Compiler with its version.
    pub compiler: &'static str,
    /// Target triple.
    pub target: &'static str,
    /// Processor features that were allowed at compile time.
    pub target_features: &'static str,
}

/// This program.
pub const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    profile: env!("HSMSTREAM_PROFILE_NAME"),
    lto: env!("HSMSTREAM_LTO"),
    codegen_units: env!("HSMSTREAM_CODEGEN_UNITS"),
    opt_level: env!("HSMSTREAM_OPT_LEVEL"),
    debug_assertions: cfg!(debug_assertions),
    compiler: env!("HSMSTREAM_COMPILER"),
    target: env!("HSMSTREAM_TARGET"),
    target_features: env!("HSMSTREAM_TARGET_FEATURES"),
};

impl Machine {
    /// This machine, now.
    #[must_use]
    pub fn this() -> Self {
        Self {
            processor: processor(),
            architecture: std::env::consts::ARCH,
            cores: available_parallelism().map_or(1, usize::from),
            last_cache_bytes: last_cache_bytes(),
            vectors: Vectors::in_use().as_str(),
            kernel: kernel(),
            system: system(),
            load: load(),
        }
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn kernel() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/ostype").ok()?;
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(format!("{} {}", name.trim(), release.trim()))
}

fn system() -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches('"').to_owned())
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// What a reader has to know of figures on so many bytes, if much of them stays in a last cache of that size.
#[must_use]
pub fn warm_cache(bytes: usize, cache: usize) -> Option<String> {
    let is_warm = bytes < cache.saturating_mul(2);
    is_warm.then(|| {
        let mib = cache >> 20;
        format!(
            "the records are less than twice the last cache of {mib} MiB: figures are those of a warm cache"
        )
    })
}

/// Size of the largest cache that the first processor sees, in bytes; `None` if the machine does not tell.
#[must_use]
pub fn last_cache_bytes() -> Option<usize> {
    let size = |index: u32| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size");
        let text = fs::read_to_string(path).ok()?;
        text.trim().strip_suffix('K')?.parse::<usize>().ok().map(|kib| kib * 1024)
    };
    (0..8).filter_map(size).max()
}
