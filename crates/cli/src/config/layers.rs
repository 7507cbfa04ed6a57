//! Layers of configuration: defaults, file, environment, `--set`; each key's value and where it is from.
//!
//! Input: texts. Output: a complete table of checked values, or every mistake with its place.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::keys::{KEYS, Key};
use super::value::{Value, nearest};

/// The reference configuration.
pub(crate) const DEFAULT: &str = include_str!("default.toml");

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File { path: String, line: usize },
    Environment(String),
    Flag,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("--set"),
        }
    }
}

/// A value with its source.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) source: Source,
}

/// All settings by key path; complete once the defaults are in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    settings: BTreeMap<&'static str, Setting>,
    mistakes: Vec<String>,
}

impl Layers {
    /// Starts from the reference configuration.
    pub(crate) fn with_defaults() -> Self {
        let mut layers = Self::default();
        layers.add_toml(DEFAULT, None);
        layers
    }

    /// Adds a configuration file's text.
    pub(crate) fn add_file(&mut self, path: &str, text: &str) {
        self.add_toml(text, Some(path));
    }

    /// Adds the environment's variables that begin with `HSMSTREAM_`.
    pub(crate) fn add_environment(&mut self, variables: impl Iterator<Item = (String, String)>) {
        for (name, text) in variables {
            let Some(rest) = name.strip_prefix("HSMSTREAM_") else { continue };
            let path = rest.to_ascii_lowercase().replace("__", ".");
            self.add_text(
                &path,
                &text,
                Source::Environment(name.clone()),
                &format!("environment variable {name}"),
            );
        }
    }

    /// Adds one `--set key=value`.
    pub(crate) fn add_flag(&mut self, assignment: &str) {
        match assignment.split_once('=') {
            Some((path, text)) => self.add_text(path.trim(), text.trim(), Source::Flag, "--set"),
            None => {
                // What follows the key may be a secret.
                let is_key = |character: &char| matches!(character, 'a'..='z' | '_' | '.');
                let key: String = assignment.chars().take_while(is_key).collect();
                self.mistakes.push(format!("--set {key}…: expected KEY=VALUE"));
            }
        }
    }

    /// The settings, or every mistake.
    pub(crate) fn finish(self) -> Result<BTreeMap<&'static str, Setting>, Vec<String>> {
        if self.mistakes.is_empty() { Ok(self.settings) } else { Err(self.mistakes) }
    }

    fn add_text(&mut self, path: &str, text: &str, source: Source, shown: &str) {
        match find(path) {
            Ok(key) => match Value::from_text(key.kind, text) {
                Ok(value) => {
                    self.settings.insert(key.path, Setting { value, source });
                }
                Err(why) => self.mistakes.push(format!("{shown}: {}: {why}", key.path)),
            },
            Err(why) => self.mistakes.push(format!("{shown}: {why}")),
        }
    }

    fn add_toml(&mut self, text: &str, file: Option<&str>) {
        let shown = file.unwrap_or("default.toml");
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let place = error.span().map_or((1, 1), |span| line_column(text, span.start));
                self.mistakes.push(mistake(shown, text, place, error.message()));
                return;
            }
        };
        let mut flat = Vec::new();
        flatten("", &table, &mut flat);
        for (path, value) in flat {
            let place = locate(text, &path);
            match find(&path) {
                Ok(key) => match Value::from_toml(key.kind, value) {
                    Ok(value) => {
                        let source = file.map_or(Source::Default, |path| Source::File {
                            path: path.to_owned(),
                            line: place.0,
                        });
                        self.settings.insert(key.path, Setting { value, source });
                    }
                    Err(why) => self.mistakes.push(mistake(shown, text, place, &format!("{path}: {why}"))),
                },
                Err(why) => self.mistakes.push(mistake(shown, text, place, &why)),
            }
        }
    }
}

fn find(path: &str) -> Result<&'static Key, String> {
    if let Some(key) = KEYS.iter().find(|key| key.path == path) {
        return Ok(key);
    }
    let near = nearest(path, KEYS.iter().map(|key| key.path));
    let help = near.map_or(String::new(), |name| format!("; did you mean \"{name}\"?"));
    Err(format!("unknown key \"{}\"{help}", path.escape_debug()))
}

fn flatten<'t>(prefix: &str, table: &'t toml::Table, out: &mut Vec<(String, &'t toml::Value)>) {
    for (name, value) in table {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) if !KEYS.iter().any(|key| key.path == path) => {
                flatten(&path, inner, out)
            }
            other => out.push((path, other)),
        }
    }
}

/// Line and column of the key `path` in TOML text: the header of its table, then the name in it.
fn locate(text: &str, path: &str) -> (usize, usize) {
    let Ok(document) = toml::de::DeTable::parse(text) else { return (1, 1) };
    let mut table = document.get_ref();
    let mut offset = 0;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
        offset = key.span().start;
        match value.get_ref() {
            toml::de::DeValue::Table(inner) if names.peek().is_some() => table = inner,
            _ => break,
        }
    }
    line_column(text, offset)
}

fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    (line, column)
}

/// A mistake with its place. Of the source line only names are shown, never what follows a `=`: a value may be a
/// secret that somebody wrote where its name belongs.
fn mistake(file: &str, text: &str, (line, column): (usize, usize), why: &str) -> String {
    let source = text.lines().nth(line - 1).unwrap_or_default();
    let mut shown = format!("{file}:{line}:{column}: {why}");
    let is_header = source.trim_start().starts_with('[') && source.trim_end().ends_with(']');
    let (names, cut) = match source.split_once('=') {
        Some((names, _)) => (names, "= …"),
        None if is_header => (source, ""),
        None => return shown,
    };
    let number = line.to_string();
    let source: String = names.chars().flat_map(char::escape_debug).collect();
    // Writing to a String does not fail.
    write!(shown, "\n {number} | {source}{cut}").unwrap_or_default();
    if column <= names.chars().count() {
        let (gutter, indent) = (number.len(), column - 1);
        write!(shown, "\n {:gutter$} | {:indent$}^", "", "").unwrap_or_default();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_holds_every_key_and_nothing_else() {
        let settings = Layers::with_defaults().finish().unwrap();
        let missing: Vec<_> = KEYS.iter().filter(|key| !settings.contains_key(key.path)).collect();
        assert!(missing.is_empty(), "not in default.toml: {missing:?}");
        assert_eq!(settings.len(), KEYS.len());
    }

    #[test]
    fn later_layers_win_and_say_so() {
        let mut layers = Layers::with_defaults();
        layers.add_file("h.toml", "[input]\ntopics = [\"a\"]\n[engine]\nworkers = 3\n");
        layers.add_environment([("HSMSTREAM_INPUT__TOPICS".to_owned(), "b, c".to_owned())].into_iter());
        layers.add_flag("engine.workers=4");
        let settings = layers.finish().unwrap();
        assert_eq!(settings["input.topics"].value, Value::List(vec!["b".into(), "c".into()]));
        assert_eq!(settings["input.topics"].source, Source::Environment("HSMSTREAM_INPUT__TOPICS".into()));
        assert_eq!(settings["engine.workers"].value, Value::Whole(4));
        assert_eq!(settings["engine.workers"].source, Source::Flag);
    }

    #[test]
    fn all_mistakes_at_once_with_places() {
        let mut layers = Layers::with_defaults();
        layers.add_file("h.toml", "[input]\ntopic = [\"a\"]\n[time]\nmax_skew = \"ten\"\nidle_timeout = 5\n");
        layers.add_flag("nonsense");
        let mistakes = layers.finish().unwrap_err();
        assert_eq!(mistakes.len(), 4, "{mistakes:#?}");
        assert!(
            mistakes[0]
                .starts_with("h.toml:2:1: unknown key \"input.topic\"; did you mean \"input.topics\"?")
        );
        assert!(
            mistakes.iter().any(|m| m.starts_with("h.toml:4:1: time.max_skew: \"ten\" is not a duration"))
        );
        assert!(mistakes.iter().any(|m| m.starts_with("h.toml:5:1: time.idle_timeout: expected a duration")));
    }

    #[test]
    fn values_are_not_repeated() {
        let secret = "hunter2";
        for text in [
            "[kafka.sasl]\npassword = \"hunter2\"\n",
            "[kafka.sasl]\npassword = \"hunter2\n",
            "[kafka.sasl]\npassword = hunter2\n",
            "[kafka.sasl]\npasswort = \"\"\"\nhunter2\n",
            "[kafka.sasl]\npassword\n\"hunter2\"\n",
            "[kafka]\nsasl = { password = \"hunter2\", user = 1 }\n",
            "kafka.sasl.password = [\n\"hunter2\"\n",
        ] {
            let mut layers = Layers::with_defaults();
            layers.add_file("h.toml", text);
            layers.add_flag("kafka.sasl.password:hunter2");
            let mistakes = layers.finish().unwrap_err();
            assert_eq!(mistakes.len(), if text.contains("user") { 3 } else { 2 }, "{mistakes:#?}");
            assert!(!mistakes.iter().any(|mistake| mistake.contains(secret)), "{mistakes:#?}");
        }
    }

    #[test]
    fn broken_toml_has_a_place() {
        let mut layers = Layers::with_defaults();
        layers.add_file("h.toml", "a = \n");
        assert!(layers.finish().unwrap_err()[0].starts_with("h.toml:1:"));
    }
}
