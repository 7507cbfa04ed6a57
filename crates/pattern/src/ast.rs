//! The syntax tree of a pattern: what [`parse`](crate::parse) proves, what everything else reads.
//!
//! Invariants: every selector index points into [`Pattern::selectors`]; lists in an [`Expr`] hold at least
//! two; spans are byte ranges of the text; a space pattern has at most one [`Field::Rest`] and no name twice.

use core::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::number::Number;
use crate::regex::Regex;
use crate::selector::Selector;

/// A filter pattern that the language accepts.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    pub(crate) text: Box<str>,
    pub(crate) body: Body,
    pub(crate) selectors: Vec<Selector>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// The three forms of patterns. Complete by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternKind {
    /// `ERROR -"not found" %5[0-9]{2}%`
    Terms,
    /// `[ip, ..., status = 4*, bytes]`
    Space,
    /// `{ $.opcode = "CN_LOGIN" }`
    Json,
}

/// A pattern by form. Complete by nature.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Terms; none match everything.
    Terms(Vec<Term>),
    /// Fields; none match everything.
    Space(Vec<Field>),
    /// Conditions on values.
    Json(Expr<Condition>),
}

/// One item of a term pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Bytes of the pattern, with prefix and quotes.
    pub span: Range<usize>,
    /// What the item does.
    pub role: Role,
    /// What it looks for.
    pub needle: Needle,
}

/// The prefixes of terms. Complete by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// No prefix: must occur.
    Plain,
    /// `?`: one of these must occur, if the pattern holds nothing else.
    Optional,
    /// `-`: must not occur.
    Excluded,
}

/// What a term looks for. Complete by nature.
#[derive(Debug, Clone, PartialEq)]
pub enum Needle {
    /// These bytes anywhere.
    Text(Box<str>),
    /// A match anywhere.
    Regex(Regex),
}

/// One place of a space-delimited pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// `...`: any number of tokens.
    Rest(Range<usize>),
    /// A token.
    Slot(Slot),
}

/// A place that holds one token.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Bytes of the pattern.
    pub span: Range<usize>,
    /// Its name; without one it goes by its position.
    pub name: Option<Box<str>>,
    /// What the token must be.
    pub condition: Option<Expr<Check>>,
}

/// Conditions joined by `&&` and `||`.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr<C> {
    /// One condition.
    Leaf(C),
    /// All must hold.
    All(Vec<Expr<C>>),
    /// One must hold.
    Any(Vec<Expr<C>>),
}

/// A condition of a space-delimited pattern, on the token of its slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Bytes of the pattern.
    pub span: Range<usize>,
    /// What is asked.
    pub comparison: Comparison,
}

/// A condition of a JSON pattern. With a wildcard selector it holds if it holds for some value.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Bytes of the pattern.
    pub span: Range<usize>,
    /// Which of [`Pattern::selectors`].
    pub selector: usize,
    /// What is asked.
    pub test: Test,
}

/// What a JSON condition asks. Complete by nature.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A comparison with a constant.
    Compare(Comparison),
    /// `IS NULL`
    IsNull,
    /// `IS TRUE`
    IsTrue,
    /// `IS FALSE`
    IsFalse,
    /// `NOT EXISTS`
    NotExists,
}

/// A comparison with a constant. Complete by nature.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// `=`
    Equal(Operand),
    /// `!=`: the value is a text or number, and `=` does not hold.
    NotEqual(Operand),
    /// `<`, `<=`, `>`, `>=`
    Ordered(Order, Number),
}

/// The ordering operators. Complete by nature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// The right-hand side of `=` and `!=`. Complete by nature.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A bare number.
    Number(Number),
    /// Text, quoted or bare; `*` stands for anything.
    Text(Box<str>),
    /// A regular expression, searched in the text.
    Regex(Regex),
}

impl Pattern {
    /// The pattern as it was given.
    #[must_use]
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// Its form.
    #[must_use]
    pub const fn kind(&self) -> PatternKind {
        match self.body {
            Body::Terms(_) => PatternKind::Terms,
            Body::Space(_) => PatternKind::Space,
            Body::Json(_) => PatternKind::Json,
        }
    }

    /// The syntax tree.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// What is allowed and probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Whether it asks nothing, so that every event matches.
    #[must_use]
    pub fn asks_nothing(&self) -> bool {
        match &self.body {
            Body::Terms(terms) => terms.is_empty(),
            Body::Space(fields) => fields.iter().all(|field| matches!(field, Field::Rest(_))),
            Body::Json(_) => false,
        }
    }

    /// The selectors of a JSON pattern, each once, in the order of their first use.
    #[must_use]
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }
}

impl PatternKind {
    /// As scripts see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Space => "space-delimited",
            Self::Json => "json",
        }
    }
}

impl Order {
    /// Whether a value that compares to the constant like this satisfies the operator.
    #[must_use]
    pub const fn accepts(self, ordering: core::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    /// As patterns write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl<C> Expr<C> {
    /// Joins by `&&`; `None` of nothing.
    pub(crate) fn all(parts: Vec<Self>) -> Option<Self> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Some(Self::All(flat)) } else { flat.pop() }
    }

    /// Joins by `||`; `None` of nothing.
    pub(crate) fn any(parts: Vec<Self>) -> Option<Self> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() > 1 { Some(Self::Any(flat)) } else { flat.pop() }
    }

    /// Calls `visit` with each condition in order.
    pub(crate) fn each<'e>(&'e self, visit: &mut dyn FnMut(&'e C)) {
        match self {
            Self::Leaf(leaf) => visit(leaf),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each(visit)),
        }
    }
}
