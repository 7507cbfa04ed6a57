//! Rule files: validation with spans, compilation to a rule set.
