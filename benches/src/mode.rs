//! Whether this run measures, or only checks what the benchmark finds.

/// How a benchmark was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `cargo bench`: full size, measured.
    Measure,
    /// `cargo bench … -- --test`, or `cargo test --benches`: small, once, counts checked.
    Test,
}

impl Mode {
    /// Reads the arguments as Criterion does.
    #[must_use]
    pub fn of_arguments() -> Self {
        let mut bench = false;
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--test" => return Self::Test,
                "--bench" => bench = true,
                _ => {}
            }
        }
        if bench { Self::Measure } else { Self::Test }
    }

    /// The one or the other of two sizes.
    #[must_use]
    pub fn pick<T>(self, measure: T, test: T) -> T {
        match self {
            Self::Measure => measure,
            Self::Test => test,
        }
    }
}
