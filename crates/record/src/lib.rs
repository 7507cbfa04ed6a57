//! The AWS CloudHSM audit record: parser, vocabulary and JSON view.
