//! `pattern check`: what is wrong or odd about patterns.

use hsmstream_pattern::{Diagnostic, Pattern, mended, parse};
use serde_json::json;

use super::report::{as_json, is_note, refuse, warn};
use crate::args::When;
use crate::commands::pattern::args::{PatternCheck, Target};
use crate::exit::Exit;
use crate::terminal::{Out, counted};

/// Checks the patterns; ends with [`Exit::Usage`] if one is refused, else with [`Exit::Negative`] if there is
/// a warning.
pub(crate) fn run(args: &PatternCheck, color: When) -> Exit {
    let limits = super::limits(args.lift_limits);
    let mut out = Out::new();
    let (mut mistakes, mut warnings, mut notes) = (0, 0, 0);
    for text in &args.patterns {
        let findings = match parse(text, &limits) {
            Ok(pattern) => findings(&pattern, args.on),
            Err(found) => {
                mistakes += found.len();
                if args.json {
                    let mended = mended(text, &limits);
                    let object = json!({ "pattern": text, "mistakes": as_json(&found), "accepted": mended });
                    out.line(object.to_string().as_bytes());
                } else {
                    refuse(text, &found, &limits, color);
                }
                continue;
            }
        };
        let odd = findings.iter().filter(|finding| !is_note(finding)).count();
        warnings += odd;
        notes += findings.len() - odd;
        if args.json {
            let object = json!({ "pattern": text, "mistakes": [], "findings": as_json(&findings) });
            out.line(object.to_string().as_bytes());
        } else {
            warn(text, &findings, color);
        }
    }
    if !args.json {
        let summary = format!(
            "{}: {}, {}, {}",
            counted(args.patterns.len(), "pattern"),
            counted(mistakes, "mistake"),
            counted(warnings, "warning"),
            counted(notes, "note")
        );
        out.line(summary.as_bytes());
    }
    out.flush();
    match (mistakes, warnings) {
        (0, 0) => Exit::Success,
        (0, _) => Exit::Negative,
        _ => Exit::Usage,
    }
}

/// All findings, in the order of their places.
fn findings(pattern: &Pattern, on: Target) -> Vec<Diagnostic> {
    let mut findings = pattern.warnings().to_vec();
    findings.extend(on.kind().map(|kind| hsmstream_rules::lint(pattern, kind)).unwrap_or_default());
    findings.extend(hsmstream_pattern::everything(pattern));
    findings.sort_by_key(|finding| finding.span.start);
    findings
}
