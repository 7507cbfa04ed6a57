//! One selector followed through a JSON value.
//!
//! In: a value, the steps of a selector. Out: the values that it reaches, of the members with the same name the last.
//! Recurses at wildcards only, each a level deeper in the value. Allocates nothing once `storage` has grown: to as many
//! bytes as the names of the members of an object, and 40 for each member, for every wildcard.
//!
//! Cost: of a wildcard over n members, n log n comparisons of names.

use hsmstream_json::{Mark, Node, NodeKind};

use crate::document::{Scalar, scalar};
use crate::paths::PathScratch;
use crate::selector::Step;

/// A member that a wildcard goes on to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Branch {
    /// Its name in the storage.
    name: (usize, usize),
    /// Its number among the members.
    number: usize,
    value: Mark,
}

/// Calls `visit` with each value that `steps` reach from `node`, until it returns true; returns whether it did. Members
/// that a wildcard reaches come in the order of their names.
pub fn walk(
    mut node: Node<'_, '_>,
    steps: &[Step],
    storage: &mut PathScratch,
    visit: &mut dyn FnMut(Scalar<'_>) -> bool,
) -> bool {
    for (index, step) in steps.iter().enumerate() {
        let next = match step {
            Step::Name(name) => node.get(name),
            Step::Index(place) => usize::try_from(*place).ok().and_then(|place| node.index(place)),
            Step::AnyMember | Step::AnyElement => {
                let rest = steps.get(index + 1..).unwrap_or_default();
                if *step == Step::AnyElement && node.kind() == NodeKind::Array {
                    return node.elements().any(|element| walk(element, rest, storage, visit));
                }
                return walk_members(node, rest, storage, visit);
            }
        };
        match next {
            Some(next) => node = next,
            None => return false,
        }
    }
    visit(scalar(&node, &mut storage.text))
}

/// Follows the steps from the members of an object.
fn walk_members(
    node: Node<'_, '_>,
    rest: &[Step],
    storage: &mut PathScratch,
    visit: &mut dyn FnMut(Scalar<'_>) -> bool,
) -> bool {
    let first = storage.branches.len();
    list_members(node, storage);
    let mut is_true = false;
    for index in first..storage.branches.len() {
        let value = storage.branches.get(index).and_then(|branch| node.at(branch.value));
        is_true = value.is_some_and(|value| walk(value, rest, storage, visit));
        if is_true {
            break;
        }
    }
    storage.branches.truncate(first);
    is_true
}

/// Appends the members of an object, of those with the same name the last.
fn list_members(node: Node<'_, '_>, storage: &mut PathScratch) {
    let PathScratch { branches, names, .. } = storage;
    names.clear();
    let first = branches.len();
    for (number, member) in node.glance().enumerate() {
        let start = names.len();
        node.name(&member).unescape_into(names);
        branches.push(Branch { name: (start, names.len()), number, value: member.value });
    }
    let name = |branch: &Branch| names.get(branch.name.0..branch.name.1).unwrap_or_default();
    let own = branches.get_mut(first..).unwrap_or_default();
    // Of the same name the last comes first, and is kept.
    own.sort_unstable_by(|one, other| name(one).cmp(name(other)).then(other.number.cmp(&one.number)));
    let mut kept = first;
    for index in first..branches.len() {
        let Some(member) = branches.get(index).copied() else { break };
        let is_repeated =
            kept > first && branches.get(kept - 1).is_some_and(|last| name(last) == name(&member));
        if !is_repeated && let Some(place) = branches.get_mut(kept) {
            *place = member;
            kept += 1;
        }
    }
    branches.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use hsmstream_json::Tape;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::Value;

    /// The numbers that `$.*` reaches.
    fn reached(json: &str, steps: &[Step], storage: &mut PathScratch) -> Vec<String> {
        let mut tape = Tape::new();
        let root = tape.parse(json.as_bytes(), 64).expect("JSON");
        let mut found = Vec::new();
        let ended = walk(root, steps, storage, &mut |scalar| {
            found.push(format!("{scalar:?}"));
            false
        });
        assert!(!ended && storage.branches.is_empty());
        found
    }

    /// The same by a map.
    fn expected(value: &Value, depth: usize) -> Vec<String> {
        match value {
            Value::Object(members) if depth > 0 => {
                members.values().flat_map(|value| expected(value, depth - 1)).collect()
            }
            Value::Number(number) if depth == 0 => {
                vec![format!("{:?}", Scalar::Number(number.to_string().as_bytes()))]
            }
            Value::Object(_) if depth == 0 => vec![format!("{:?}", Scalar::Object)],
            _ => Vec::new(),
        }
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof!["[ab]{0,2}", "[a-z0-9]{1,8}", Just("\\u0061".to_owned()), Just("\\n\u{e4}".to_owned())]
    }

    proptest! {
        #[test]
        fn members_are_those_of_a_map(
            members in vec((name(), prop_oneof![Just(None), vec((name(), 0..9_u8), 0..6).prop_map(Some)], 0..9_u8), 0..150),
        ) {
            let object = |members: Vec<String>| format!("{{{}}}", members.join(","));
            let members = members.into_iter().map(|(name, inner, number)| match inner {
                Some(inner) => {
                    let inner = inner.iter().map(|(name, number)| format!("\"{name}\":{number}")).collect();
                    format!("\"{name}\":{}", object(inner))
                }
                None => format!("\"{name}\":{number}"),
            });
            let json = object(members.collect());
            let value: Value = serde_json::from_str(&json).expect("JSON");
            let mut storage = PathScratch::default();
            for depth in 0..4 {
                let steps = vec![Step::AnyMember; depth];
                prop_assert_eq!(reached(&json, &steps, &mut storage), expected(&value, depth), "{} {}", json, depth);
            }
        }
    }
}
