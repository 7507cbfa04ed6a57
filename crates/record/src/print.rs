//! How a record is printed, as far as the parser saw it.

/// Which of the usual ways a record is printed in; unknown if in none of them, or if it went through a parser that does not
/// look. A hint for who remembers records: it takes no part in comparisons.
///
/// Two records that are printed in the same known way, have the same fields, and of these the same version, opcode,
/// response, log type and user type (names and codes), have the same text around their times, sequence numbers, reboot
/// counters, sessions, users' names and ids, and key handles: labels stand with one blank around the colon, in one order,
/// codes without leading zeros, and the command type is `CN_MGMT_CMD (0x0)`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Print(u8);

impl Print {
    /// None of the usual ways, or nobody looked.
    pub const UNKNOWN: Self = Self(0);

    /// The first layout's order.
    pub(crate) const USUAL: Self = Self(1);

    /// The same, the opcode before the command type.
    const OPCODE_FIRST: u8 = 2;

    /// The same, the public key before the private one.
    const PUBLIC_FIRST: u8 = 4;

    /// Notes the order of opcode and command type, if the rest is as usual.
    #[inline(always)]
    pub(crate) const fn with_opcode_first(self, is_first: bool) -> Self {
        self.with(if is_first { Self::OPCODE_FIRST } else { 0 })
    }

    /// Notes the order of the keys, if the rest is as usual.
    #[inline(always)]
    pub(crate) const fn with_public_first(self, is_first: bool) -> Self {
        self.with(if is_first { Self::PUBLIC_FIRST } else { 0 })
    }

    #[inline(always)]
    const fn with(self, bits: u8) -> Self {
        if self.0 == 0 { self } else { Self(self.0 | bits) }
    }

    /// Its number, below 8; 0 if unknown.
    #[inline]
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Records are compared by what they say, whoever parsed them.
impl PartialEq for Print {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Print {}
