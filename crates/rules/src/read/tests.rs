//! What needs private items; the diagnostics of whole files are golden tests of the crate.

use crate::expand::known_response;

#[test]
fn responses_by_text_or_whole() {
    assert_eq!(known_response("success").as_deref(), Some("0:HSM Return: SUCCESS"));
    assert_eq!(
        known_response("RET_USER_LOGIN_FAILURE").as_deref(),
        Some("163:HSM Error: RET_USER_LOGIN_FAILURE")
    );
    assert_eq!(known_response("7:HSM Error: x").as_deref(), Some("7:HSM Error: x"));
    assert_eq!(known_response("nonsense"), None);
}
