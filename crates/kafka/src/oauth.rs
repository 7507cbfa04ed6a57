//! Bearer tokens for SASL OAUTHBEARER: where they come from and when they expire.
//!
//! The client asks for a token at start and again when four fifths of its life are over. A token is read
//! from a file that something else keeps fresh (a sidecar, a mounted service-account token), or made by a
//! function (Amazon MSK: a presigned URL). The lifetime is the `exp` claim of a JWT, else what the caller says.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::config::Secret;

/// A bearer token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token.
    pub text: Secret,
    /// Name of the principal; brokers may ignore it.
    pub principal: String,
    /// When it expires, in ms since the Unix epoch.
    pub expires_ms: i64,
}

/// Makes a token; the argument is the present time in ms since the Unix epoch.
pub type MakeToken = dyn Fn(i64) -> Result<Token, String> + Send + Sync;

/// Where tokens come from.
#[derive(Clone)]
pub enum TokenSource {
    /// A file with nothing but the token, read again for every refresh.
    File(PathBuf),
    /// A function.
    Function(Arc<MakeToken>),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Function(_) => f.write_str("Function(..)"),
        }
    }
}

impl TokenSource {
    /// Fetches a token.
    ///
    /// # Errors
    /// A text that says what was tried.
    pub(crate) fn token(&self, now_ms: i64) -> Result<Token, String> {
        match self {
            Self::File(path) => from_file(path, now_ms),
            Self::Function(make) => make(now_ms),
        }
    }
}

fn from_file(path: &Path, now_ms: i64) -> Result<Token, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("token file {shown}: {error}"))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("token file {shown} is empty"));
    }
    let fresh = i64::try_from(OPAQUE_TOKEN_LIFE.as_millis()).unwrap_or(i64::MAX);
    let expires_ms = jwt_expiry_ms(text).unwrap_or_else(|| now_ms.saturating_add(fresh));
    if expires_ms <= now_ms {
        return Err(format!("the token in {shown} has expired"));
    }
    Ok(Token { text: Secret::new(text.to_owned()), principal: "hsmstream".to_owned(), expires_ms })
}

/// The `exp` claim of a JSON Web Token in ms (RFC 7519, section 4.1.4), if the text is one.
fn jwt_expiry_ms(token: &str) -> Option<i64> {
    let claims = base64url(token.split('.').nth(1)?)?;
    let claims = String::from_utf8(claims).ok()?;
    let after = claims.split_once("\"exp\"")?.1.trim_start().strip_prefix(':')?.trim_start();
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse::<i64>().ok()?.checked_mul(1_000)
}

/// Decodes base64url without padding (RFC 4648, section 5).
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if 8 <= count {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

/// How long a token without a readable expiry is used before the file is read again.
const OPAQUE_TOKEN_LIFE: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    // Made with: python3 -c 'import base64; print(base64.urlsafe_b64encode(b"{\"sub\":\"a\",\"exp\":1700000000}"))'
    const JWT: &str = "e30.eyJzdWIiOiJhIiwiZXhwIjoxNzAwMDAwMDAwfQ.c2ln";

    #[test]
    fn expiry_of_a_jwt() {
        assert_eq!(jwt_expiry_ms(JWT), Some(1_700_000_000_000));
        for other in ["", "abc", "a.b.c", "e30.e30.e30", "e30.!!.e30"] {
            assert_eq!(jwt_expiry_ms(other), None, "{other}");
        }
    }

    #[test]
    fn a_token_file_is_read_and_never_shown() {
        let path = std::env::temp_dir().join(format!("hsmstream-token-{}", std::process::id()));
        std::fs::write(&path, format!("{JWT}\n")).unwrap();
        let source = TokenSource::File(path.clone());
        let token = source.token(1_600_000_000_000).unwrap();
        assert_eq!(token.text.expose(), JWT);
        assert!(!format!("{token:?}").contains("eyJ"));
        assert!(source.token(1_800_000_000_000).unwrap_err().contains("expired"));
        std::fs::write(&path, "opaque").unwrap();
        assert_eq!(source.token(1_000).unwrap().expires_ms, 301_000);
        std::fs::remove_file(&path).unwrap();
        assert!(source.token(0).unwrap_err().contains("token file"));
    }
}
