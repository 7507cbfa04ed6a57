//! The records to measure with: generated, or somebody's own.

use anyhow::bail;
use hsmstream_bench::buffer::{Buffer, Definition, RARE};
use hsmstream_bench::stages::Corpus;
use hsmstream_frame::{Reject, StreamFramer};
use hsmstream_record::{Origin, Record};

use super::args::Bench;
use crate::commands::run::limits;
use crate::config::Config;
use crate::inputs::{Feed, expand};
use crate::terminal::counted;

/// Records, and where they are from.
pub(crate) struct Records {
    pub(crate) corpus: Corpus,
    pub(crate) source: Source,
}

pub(crate) enum Source {
    /// Made from this seed.
    Generated { seed: u64 },
    /// Read from inputs.
    Own {
        inputs: usize,
        rejects: usize,
        /// CloudTrail events and other documents, which no audit parser takes.
        documents: usize,
        /// Whether there were more records than asked for.
        is_cut: bool,
    },
}

impl Records {
    /// Makes records as the benchmarks do: 1 % failed logins, a fifth in layout v2.
    ///
    /// # Errors
    /// If the generator is not the one that the definition was written for.
    pub(crate) fn generate(seed: u64, records: u32) -> anyhow::Result<Self> {
        let records = usize::try_from(records)?;
        let asked = Definition { seed, records, ..RARE };
        let (buffer, found) = asked.make();
        if asked == RARE && found != RARE {
            bail!("the generator makes other records than the benchmarks are defined with");
        }
        let corpus = Corpus { buffer, is_own: false };
        Ok(Self { corpus, source: Source::Generated { seed } })
    }

    /// Reads own records, whatever their form.
    ///
    /// # Errors
    /// Inputs that cannot be read, or have no audit record.
    pub(crate) fn read(args: &Bench, config: &Config) -> anyhow::Result<Self> {
        let inputs = expand(&args.corpus)?;
        let most = usize::try_from(args.records)?;
        let mut buffer = Buffer::of_records([]);
        let (mut rejects, mut documents, mut is_cut) = (0, 0, false);
        let mut feed = Feed::new(&inputs);
        for input in &inputs {
            let mut framer = StreamFramer::new(args.format, limits(config));
            let mut take = |item: &Result<Record<'_>, Reject<'_>>| match item {
                Err(_) => rejects += 1,
                Ok(record) if record.audit().is_none() => documents += 1,
                Ok(_) if buffer.len() >= most => is_cut = true,
                Ok(record) => buffer.push(record.raw()),
            };
            feed.read(input, &mut |chunk| framer.feed_records(chunk, &Origin::default(), &mut take))?;
            framer.finish_records(&Origin::default(), &mut take);
        }
        feed.finish();
        if buffer.is_empty() && rejects + documents == 0 {
            bail!("{}: no audit record, nor anything else", args.corpus.join(" "));
        }
        if buffer.is_empty() {
            bail!(
                "{}: no audit record, but {} and {}; hsmstream parse --rejects shows them",
                args.corpus.join(" "),
                counted(rejects, "reject"),
                counted(documents, "other document")
            );
        }
        let source = Source::Own { inputs: inputs.len(), rejects, documents, is_cut };
        Ok(Self { corpus: Corpus { buffer, is_own: true }, source })
    }

    /// How many are of the second layout.
    pub(crate) fn second_layout(&self) -> usize {
        self.corpus.buffer.frames().filter(|frame| contains(frame, b"\nVersion No")).count()
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
