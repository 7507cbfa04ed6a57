//! `tail`: follows a topic of the service, for people (one line each) or programs (`--raw`).

use std::time::Duration;

use hsmstream_frame::Framer;
use hsmstream_kafka::{ReadFrom, Tail as Reader, Tailed};
use hsmstream_pattern::Limits;
use hsmstream_record::Origin;
use hsmstream_rules::{MatchScratch, Query as Searched};

use crate::args::{Tail, TailWhat, When};
use crate::commands::files::input_format;
use crate::commands::pattern::{compile, warn};
use crate::commands::query::text_line;
use crate::commands::run::limits;
use crate::config::Config;
use crate::exit::Exit;
use crate::kafka_config::kafka_config;
use crate::terminal::{Out, Paint, escape};
use crate::{Failure, documents};

/// How long brokers and topics may take to answer.
const OPEN_DEADLINE: Duration = Duration::from_secs(30);
const WAIT: Duration = Duration::from_millis(200);

/// Follows until Ctrl-C, or to the end of the topic with `--no-follow`.
///
/// # Errors
/// Brokers that cannot be reached, topics that are missing or may not be read.
pub(crate) fn run(args: &Tail, config: &Config, color: When) -> Result<Exit, Failure> {
    let kafka = kafka_config(config)?;
    let pattern = match args.pattern.as_deref().map(|text| compile(text, &Limits::default(), color)) {
        Some(None) => return Ok(Exit::Usage),
        Some(Some(pattern)) => Some(pattern),
        None => None,
    };
    if let Some(pattern) = &pattern {
        warn(pattern.text(), pattern.warnings(), color);
    }
    let topics: Vec<&str> = match args.what {
        TailWhat::Alerts => vec![&config.alerts],
        TailWhat::Staging => vec![&config.staging],
        TailWhat::Rollups => vec![&config.rollups],
        TailWhat::Rejects => vec![&config.rejects],
        TailWhat::Records => config.topics.iter().map(String::as_str).collect(),
    };
    let from = if args.from_start { ReadFrom::Start } else { ReadFrom::Last(u64::from(args.last)) };
    let mut reader =
        Reader::open(&kafka, &topics, from, OPEN_DEADLINE).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut shown = Shown {
        out: Out::new(),
        paint: Paint::stdout(color),
        raw: args.raw,
        searched: pattern.as_ref().map(Searched::compile),
        program: pattern.as_ref().map(hsmstream_pattern::Program::compile),
        scratch: MatchScratch::default(),
        pattern_scratch: hsmstream_pattern::Scratch::default(),
        framer: Framer::new(input_format(&config.format)?, limits(config)),
    };
    loop {
        let visited = reader.next(WAIT, &mut |message| match args.what {
            TailWhat::Records => shown.records(&message),
            _ => shown.document(&message),
        });
        visited.map_err(|error| anyhow::anyhow!("{error}"))?;
        shown.out.flush();
        if args.no_follow && reader.is_at_end() {
            return Ok(Exit::Success);
        }
    }
}

struct Shown {
    out: Out,
    paint: Paint,
    raw: bool,
    searched: Option<Searched>,
    program: Option<hsmstream_pattern::Program>,
    scratch: MatchScratch,
    pattern_scratch: hsmstream_pattern::Scratch,
    framer: Framer,
}

impl Shown {
    /// A published document: the pattern looks at its JSON.
    fn document(&mut self, message: &Tailed<'_>) {
        let Some(value) = message.value else { return };
        let wanted = self
            .program
            .as_ref()
            .is_none_or(|program| program.matches_text(value, &mut self.pattern_scratch));
        if !wanted {
            return;
        }
        if self.raw {
            self.out.line(value);
        } else {
            self.out.line(documents::line(value, self.paint).as_bytes());
        }
    }

    /// A message with records: the pattern looks at each.
    fn records(&mut self, message: &Tailed<'_>) {
        let Some(value) = message.value else { return };
        let Self { framer, searched, scratch, out, paint, raw, .. } = self;
        framer.records(value, &Origin::default(), &mut |item| match item {
            Ok(record) => {
                if searched.as_ref().is_none_or(|searched| searched.matches(record, scratch)) {
                    let line =
                        if *raw { record.raw().to_vec() } else { text_line(record, *paint).into_bytes() };
                    out.line(&line);
                }
            }
            Err(reject) if searched.is_none() => {
                let shown = escape(reject.raw.get(..200).unwrap_or(reject.raw));
                out.line(format!("reject  {}  {shown}", reject.reason.as_str()).as_bytes());
            }
            Err(_) => {}
        });
    }
}
