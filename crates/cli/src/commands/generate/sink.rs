//! Where messages go: one file, a file for each HSM, or a topic.

use std::io::{self, IsTerminal};
use std::time::Duration;

use anyhow::{Context, anyhow};
use hsmstream_kafka::{Outgoing, Publish, ReadFrom, Tail};

use super::args::{Compress, Generate, Where};
use super::files::{Coated, Directory, compressed};
use crate::Failure;
use crate::config::Config;
use crate::kafka_config::kafka_config;

/// How long brokers may take to answer, and to acknowledge the last messages.
const OPEN_DEADLINE: Duration = Duration::from_secs(30);
const FLUSH_DEADLINE: Duration = Duration::from_secs(60);

/// Takes messages.
pub(crate) enum Sink {
    Stream { file: Coated, separator: &'static [u8], name: String, is_terminal: bool },
    Directory { directory: Directory, separator: &'static [u8] },
    Topic { publish: Publish, topic: String, compress: Compress, value: Vec<u8> },
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    Taken,
    /// The pipe's reader has closed it (`| head`): there is nobody left to write for.
    ReaderGone,
}

impl Sink {
    /// Opens what the arguments name.
    ///
    /// # Errors
    /// A file that cannot be made; text in binary form for a terminal; brokers or a topic that are missing.
    pub(crate) fn open(args: &Generate, config: &Config) -> Result<Self, Failure> {
        let target = &args.target;
        let separator = args.form.separator();
        if target.to == Where::Kafka {
            return Self::topic(args, config);
        }
        if let Some(path) = &target.output_dir {
            let directory = Directory::create(path, args.form, args.compress)?;
            return Ok(Self::Directory { directory, separator });
        }
        let is_stdout = target.output.as_os_str() == "-";
        let name = if is_stdout { "standard output".to_owned() } else { target.output.display().to_string() };
        let is_terminal = is_stdout && io::stdout().is_terminal();
        if is_terminal && (args.form.is_binary() || args.compress == Compress::Gzip) {
            return Err(vec![
                "binary output is not for a terminal: name a file with --output, or a pipe".to_owned(),
            ]
            .into());
        }
        let file = if is_stdout {
            Coated::new(Box::new(io::stdout()), args.compress)
        } else {
            Coated::create(&target.output, args.compress)?
        };
        Ok(Self::Stream { file, separator, name, is_terminal })
    }

    /// A topic that is there.
    fn topic(args: &Generate, config: &Config) -> Result<Self, Failure> {
        let mut kafka = kafka_config(config)?;
        let topic = args.target.topic.clone().or_else(|| config.topics.first().cloned()).unwrap_or_default();
        kafka.input_topics = vec![topic.clone()];
        kafka.check().map_err(Failure::Mistakes)?;
        Tail::open(&kafka, &[&topic], ReadFrom::End, OPEN_DEADLINE).map_err(|error| anyhow!("{error}"))?;
        let publish = Publish::open(&kafka).map_err(|error| anyhow!("{error}"))?;
        Ok(Self::Topic { publish, topic, compress: args.compress, value: Vec::new() })
    }

    /// Whether a person looks at the messages themselves.
    pub(crate) fn is_on_terminal(&self) -> bool {
        matches!(self, Self::Stream { is_terminal: true, .. })
    }

    /// Takes a message of an HSM.
    ///
    /// # Errors
    /// What the file system says; a message, this or an earlier one, that the brokers did not take.
    pub(crate) fn send(&mut self, hsm: &str, message: &[u8]) -> anyhow::Result<Sent> {
        match self {
            Self::Stream { file, separator, name, .. } => {
                taken(file.write(message, separator)).with_context(|| format!("cannot write {name}"))
            }
            Self::Directory { directory, separator } => {
                directory.write(hsm, message, separator)?;
                Ok(Sent::Taken)
            }
            Self::Topic { publish, topic, compress, value } => {
                let message = match compress {
                    Compress::None => message,
                    other => {
                        compressed(message, *other, value)?;
                        value
                    }
                };
                let outgoing = Outgoing {
                    topic,
                    key: Some(hsm.as_bytes()),
                    value: Some(message),
                    ..Outgoing::default()
                };
                publish.send(&outgoing).map_err(|error| anyhow!("{error}"))?;
                Ok(Sent::Taken)
            }
        }
    }

    /// Lets readers see what was written so far; a compressed file only shows whole blocks.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Stream { file, name, .. } => {
                taken(file.flush()).with_context(|| format!("cannot write {name}"))?;
            }
            Self::Directory { directory, .. } => directory.flush()?,
            Self::Topic { .. } => {}
        }
        Ok(())
    }

    /// Ends the files, or waits until the brokers have acknowledged all messages.
    ///
    /// # Errors
    /// What the file system says; messages that were not delivered.
    pub(crate) fn finish(self) -> anyhow::Result<Sent> {
        match self {
            Self::Stream { file, name, .. } => {
                taken(file.finish()).with_context(|| format!("cannot write {name}"))
            }
            Self::Directory { directory, .. } => directory.finish().map(|()| Sent::Taken),
            Self::Topic { mut publish, .. } => {
                publish.flush(FLUSH_DEADLINE).map_err(|error| anyhow!("{error}"))?;
                Ok(Sent::Taken)
            }
        }
    }
}

fn taken(result: io::Result<()>) -> io::Result<Sent> {
    match result {
        Ok(()) => Ok(Sent::Taken),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Sent::ReaderGone),
        Err(error) => Err(error),
    }
}
