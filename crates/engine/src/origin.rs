//! The origin of records whose transport does not tell it: from message headers, key, topic name or fixed
//! configuration, by templates.
//!
//! A template is written `header:NAME=TEXT`, `key=TEXT`, `topic=TEXT` or `fixed=FIELD:VALUE`; `TEXT` holds
//! placeholders `{account}`, `{log_group}`, `{log_stream}`, `{cluster}`, `{hsm}` between literal text and
//! must fit the whole source. Templates are tried in order; of each field the first value wins. What the
//! transport itself tells wins over all of them (the framer sees to that).

use hsmstream_record::Origin;

use crate::ports::Message;

/// Compiled templates.
#[derive(Clone, Debug, Default)]
pub struct OriginTemplates {
    templates: Vec<Template>,
}

#[derive(Clone, Debug)]
struct Template {
    source: Source,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Header(String),
    Key,
    Topic,
    Fixed(Place, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Field(Place),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Account,
    LogGroup,
    LogStream,
    Cluster,
    Hsm,
}

const PLACES: [(&str, Place); 5] = [
    ("account", Place::Account),
    ("log_group", Place::LogGroup),
    ("log_stream", Place::LogStream),
    ("cluster", Place::Cluster),
    ("hsm", Place::Hsm),
];

impl OriginTemplates {
    /// Compiles templates as written in the configuration.
    ///
    /// # Errors
    /// One message per template that does not compile.
    pub fn parse(texts: &[String]) -> Result<Self, Vec<String>> {
        let mut templates = Vec::new();
        let mut mistakes = Vec::new();
        for text in texts {
            match template(text) {
                Ok(template) => templates.push(template),
                Err(why) => mistakes.push(format!("input.origin \"{}\": {why}", text.escape_debug())),
            }
        }
        if mistakes.is_empty() { Ok(Self { templates }) } else { Err(mistakes) }
    }

    /// The origin of a message, as far as the templates tell.
    #[must_use]
    pub fn resolve<'a>(&'a self, message: &Message<'a>, topic: &'a str) -> Origin<'a> {
        let mut origin = Origin::default();
        for template in &self.templates {
            let source = match &template.source {
                Source::Header(name) => message.headers.header(name),
                Source::Key => message.key,
                Source::Topic => Some(topic.as_bytes()),
                Source::Fixed(place, value) => {
                    set(&mut origin, *place, value.as_bytes());
                    None
                }
            };
            if let Some(source) = source {
                fit(&template.parts, source, &mut origin);
            }
        }
        origin
    }
}

fn template(text: &str) -> Result<Template, String> {
    let (source, rest) = text.split_once('=').ok_or("expected SOURCE=TEMPLATE")?;
    let source = match source.trim() {
        "key" => Source::Key,
        "topic" => Source::Topic,
        "fixed" => return fixed(rest),
        other => match other.strip_prefix("header:") {
            Some(name) if !name.is_empty() => Source::Header(name.to_owned()),
            _ => return Err("expected header:NAME, key, topic or fixed before the =".to_owned()),
        },
    };
    let parts = parts(rest)?;
    if !parts.iter().any(|part| matches!(part, Part::Field(_))) {
        return Err("the template names no field; write for example {hsm}".to_owned());
    }
    Ok(Template { source, parts })
}

fn fixed(rest: &str) -> Result<Template, String> {
    let (name, value) = rest.split_once(':').ok_or("expected fixed=FIELD:VALUE")?;
    Ok(Template { source: Source::Fixed(place(name)?, value.to_owned()), parts: Vec::new() })
}

fn place(name: &str) -> Result<Place, String> {
    PLACES.iter().find(|(known, _)| *known == name).map(|&(_, place)| place).ok_or_else(|| {
        format!(
            "\"{}\" is no origin field (account, log_group, log_stream, cluster, hsm)",
            name.escape_debug()
        )
    })
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(open) = rest.find('{') else {
            parts.push(Part::Literal(rest.to_owned()));
            break;
        };
        let (literal, field) = rest.split_at(open);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let close = field.find('}').ok_or("a { without its }")?;
        if matches!(parts.last(), Some(Part::Field(_))) {
            return Err("two fields need some text between them".to_owned());
        }
        let (name, tail) = field.split_at(close);
        parts.push(Part::Field(place(name.trim_start_matches('{'))?));
        rest = tail.strip_prefix('}').unwrap_or(tail);
    }
    Ok(parts)
}

/// Fits `parts` to the whole of `source` and sets the fields; sets nothing if it does not fit. A field
/// ends where the literal behind it first occurs; the last field takes the rest.
fn fit<'a>(parts: &[Part], source: &'a [u8], origin: &mut Origin<'a>) {
    let mut found = [None; PLACES.len()];
    let mut rest = source;
    let mut pending: Option<Place> = None;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Field(place) => pending = Some(*place),
            Part::Literal(literal) => {
                let literal = literal.as_bytes();
                let at = match pending {
                    None => rest.starts_with(literal).then_some(0),
                    Some(_) if index + 1 == parts.len() => {
                        rest.ends_with(literal).then(|| rest.len() - literal.len())
                    }
                    Some(_) => memchr::memmem::find(rest, literal),
                };
                let Some((before, after)) =
                    at.and_then(|at| Some((rest.get(..at)?, rest.get(at + literal.len()..)?)))
                else {
                    return;
                };
                if let Some(place) = pending.take() {
                    record(&mut found, place, before);
                }
                rest = after;
            }
        }
    }
    match pending {
        Some(place) => record(&mut found, place, rest),
        None if !rest.is_empty() => return,
        None => {}
    }
    for ((_, place), value) in PLACES.iter().zip(found) {
        if let Some(value) = value {
            set(origin, *place, value);
        }
    }
}

fn record<'a>(found: &mut [Option<&'a [u8]>; PLACES.len()], place: Place, value: &'a [u8]) {
    for ((_, known), slot) in PLACES.iter().zip(found) {
        if *known == place && !value.is_empty() {
            *slot = Some(value);
        }
    }
}

fn set<'a>(origin: &mut Origin<'a>, place: Place, value: &'a [u8]) {
    let field = match place {
        Place::Account => &mut origin.account,
        Place::LogGroup => &mut origin.log_group,
        Place::LogStream => &mut origin.log_stream,
        Place::Cluster => &mut origin.cluster,
        Place::Hsm => &mut origin.hsm,
    };
    if field.is_none() {
        *field = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{NoHeaders, TaskId};

    fn origin<'a>(templates: &'a OriginTemplates, topic: &'a str, key: Option<&'a [u8]>) -> Origin<'a> {
        let task = TaskId { topic: 0, partition: 0 };
        let message = Message { task, offset: 0, timestamp_ms: None, key, value: None, headers: &NoHeaders };
        templates.resolve(&message, topic)
    }

    fn parse(texts: &[&str]) -> Result<OriginTemplates, Vec<String>> {
        OriginTemplates::parse(&texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn topic_and_key_and_fixed() {
        let templates =
            parse(&["key={hsm}", "topic=/aws/cloudhsm/{cluster}.{log_stream}", "fixed=account:111122223333"])
                .unwrap();
        let found = origin(&templates, "/aws/cloudhsm/cluster-1.hsm-2", Some(b"hsm-9"));
        assert_eq!(found.hsm, Some(&b"hsm-9"[..]));
        assert_eq!(found.cluster, Some(&b"cluster-1"[..]));
        assert_eq!(found.log_stream, Some(&b"hsm-2"[..]));
        assert_eq!(found.account, Some(&b"111122223333"[..]));
        let other = origin(&templates, "audit", None);
        assert_eq!((other.hsm, other.cluster), (None, None));
    }

    #[test]
    fn a_template_fits_the_whole_or_not_at_all() {
        let templates = parse(&["topic=a-{cluster}-z"]).unwrap();
        assert_eq!(origin(&templates, "a-x-y-z", None).cluster, Some(&b"x-y"[..]));
        assert_eq!(origin(&templates, "a-x-y", None).cluster, None);
        assert_eq!(origin(&templates, "a--z", None).cluster, None);
    }

    #[test]
    fn mistakes_are_named() {
        let mistakes =
            parse(&["key", "spam=x", "key=plain", "key={hsm}{cluster}", "topic={hms}"]).unwrap_err();
        assert_eq!(mistakes.len(), 5, "{mistakes:?}");
    }
}
