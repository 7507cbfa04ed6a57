//! A JSON event as a tree.

use hsmstream_json::{Reader, Token};

use crate::selector::Step;

/// A JSON value that keeps the texts of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    True,
    False,
    Number(Vec<u8>),
    String(Vec<u8>),
    Array(Vec<Value>),
    /// Members in order, each name once.
    Object(Vec<(Vec<u8>, Value)>),
}

impl Value {
    /// Reads the next value; recursion is bounded by the reader's nesting limit.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let token = reader.next().ok()??;
        Self::from_token(token, reader)
    }

    fn from_token(token: Token<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        Some(match token {
            Token::Null => Self::Null,
            Token::True => Self::True,
            Token::False => Self::False,
            Token::Number(lexeme) => Self::Number(lexeme.to_vec()),
            Token::String(text) => Self::String(text.to_cow().into_owned()),
            Token::ArrayStart => {
                let mut elements = Vec::new();
                loop {
                    match reader.next().ok()?? {
                        Token::ArrayEnd => break Self::Array(elements),
                        token => elements.push(Self::from_token(token, reader)?),
                    }
                }
            }
            Token::ObjectStart => {
                let mut members: Vec<(Vec<u8>, Self)> = Vec::new();
                loop {
                    let name = match reader.next().ok()?? {
                        Token::Key(name) => name.to_cow().into_owned(),
                        _ => break Self::Object(members),
                    };
                    let value = Self::read(reader)?;
                    members.retain(|(other, _)| *other != name);
                    members.push((name, value));
                }
            }
            Token::Key(_) | Token::ArrayEnd | Token::ObjectEnd => return None,
        })
    }

    /// The values that a path leads to.
    pub(crate) fn reach(&self, steps: &[Step]) -> Vec<&Self> {
        let Some((step, rest)) = steps.split_first() else { return vec![self] };
        let next: Vec<&Self> = match (step, self) {
            (Step::Name(name), Self::Object(members)) => {
                members.iter().filter(|(other, _)| other[..] == name[..]).map(|(_, value)| value).collect()
            }
            (Step::Index(index), Self::Array(elements)) => {
                usize::try_from(*index).ok().and_then(|index| elements.get(index)).into_iter().collect()
            }
            (Step::AnyElement, Self::Array(elements)) => elements.iter().collect(),
            (Step::AnyElement | Step::AnyMember, Self::Object(members)) => {
                members.iter().map(|(_, value)| value).collect()
            }
            _ => Vec::new(),
        };
        next.into_iter().flat_map(|value| value.reach(rest)).collect()
    }
}
