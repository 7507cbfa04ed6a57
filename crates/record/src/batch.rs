//! Many records, with one choice of vector instructions.

use crate::audit::Audit;
use crate::fast;
use crate::limits::Limits;
use crate::raw::TextBuffer;
use crate::scan::{self, Scanner, Task};

/// Work on many records, compiled as a whole for each sort of processor that the parsers are compiled for.
///
/// A parser that is called for each record chooses anew which instructions to use, and is a call: for who parses messages
/// where they lie in an envelope that is a twentieth of the time, for others less.
///
/// ```
/// use hsmstream_record::{Audit, Batch, Limits, Parser, TextBuffer, run_batch};
///
/// /// Counts the messages that are records of a usual layout.
/// struct Usual<'m>(&'m [&'m str]);
///
/// impl Batch for Usual<'_> {
///     type Output = usize;
///
///     #[inline(always)]
///     fn run<P: Parser>(self, parser: P) -> usize {
///         let (limits, mut buffer) = (Limits::default(), TextBuffer::new());
///         let is_usual = |message: &&&str| {
///             let mut audit = Audit::default();
///             parser.parse_escaped_into(message.as_bytes(), &limits, &mut buffer, &mut audit).is_some()
///         };
///         self.0.iter().filter(is_usual).count()
///     }
/// }
///
/// let message = r#"Time: 01/24/18 17:44:25.013218, usecs:1516815865013218\nSequence No : 0x5\nOpcode : CN_LOGIN (0xd)"}"#;
/// assert_eq!(run_batch(Usual(&[message, r#"{}"}"#])), 1);
/// ```
pub trait Batch {
    /// What comes of it.
    type Output;

    /// Does the work. Has to be `#[inline(always)]`, as all that it calls often: what is not inlined is not compiled for
    /// the processor.
    fn run<P: Parser>(self, parser: P) -> Self::Output;
}

/// The parsers, compiled for one sort of processor.
pub trait Parser: Copy {
    /// As the function [`parse_escaped_into`](crate::parse_escaped_into).
    fn parse_escaped_into<'a>(
        self,
        input: &'a [u8],
        limits: &Limits,
        buffer: &'a mut TextBuffer,
        audit: &mut Audit<'a>,
    ) -> Option<usize>;
}

/// Does the work with the best instructions that this processor has.
#[inline]
pub fn run_batch<B: Batch>(batch: B) -> B::Output {
    scan::dispatch(Whole(batch))
}

struct Whole<B>(B);

impl<B: Batch> Task for Whole<B> {
    type Output = B::Output;

    #[inline(always)]
    fn run<S: Scanner>(self, scanner: S) -> B::Output {
        self.0.run(With(scanner))
    }
}

/// The parsers that use a scanner.
#[derive(Debug, Clone, Copy)]
struct With<S>(S);

impl<S: Scanner> Parser for With<S> {
    #[inline(always)]
    fn parse_escaped_into<'a>(
        self,
        input: &'a [u8],
        limits: &Limits,
        buffer: &'a mut TextBuffer,
        audit: &mut Audit<'a>,
    ) -> Option<usize> {
        buffer.clear();
        fast::Escaped { input, limits, buffer, audit }.run(self.0)
    }
}
