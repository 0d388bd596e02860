//! The secret that a proxy in front of the receiver (CloudFront) adds to each request, so that no request can bypass
//! the proxy.

use subtle::Choice;

use crate::config::{ConfigError, Environment, ORIGIN_SECRETS};
use mediahook_senders::secret::Secret;
use mediahook_senders::{CallbackRequest, header};

/// The header that the proxy adds.
pub const ORIGIN_HEADER: &str = "x-mediahook-origin-secret";
/// Shorter secrets can be guessed.
const LEAST_CHARACTERS: usize = 32;

/// The secrets of the proxy in front. If the list is empty, there is no proxy.
#[derive(Debug, Default)]
pub struct OriginSecrets(Vec<Secret>);

impl OriginSecrets {
    /// The secrets in the environment.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] if one is blank, has fewer than 32 characters, or contains anything but letters and
    /// digits. A variable that is set and blank is an error as well: otherwise every request could bypass the proxy.
    pub fn from_env(environment: &Environment) -> Result<Self, ConfigError> {
        let Some(secrets) = environment.raw(ORIGIN_SECRETS) else { return Ok(Self::default()) };
        let is_valid = |secret: &str| {
            secret.len() >= LEAST_CHARACTERS && secret.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if !secrets.split(',').all(is_valid) {
            let problem = "expected secrets of at least 32 letters and digits, separated by commas";
            return Err(ConfigError::Wrong(ORIGIN_SECRETS.to_owned(), problem));
        }
        Ok(Self(secrets.split(',').map(Secret::new).collect()))
    }

    /// Whether a request has one of them, or needs none. A header that is given twice does not count.
    pub(super) fn admit(&self, callback: &CallbackRequest) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let Ok(Some(given)) = header(callback, ORIGIN_HEADER) else { return false };
        self.0.iter().fold(Choice::from(0), |any, secret| any | secret.matches(given)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0123456789abcdefghijABCDEFGHIJ01";
    const NEW: &str = "98765432109876543210987654321098";

    fn secrets(value: &str) -> Result<OriginSecrets, String> {
        let environment = Environment::from_iter([(ORIGIN_SECRETS, value)]);
        OriginSecrets::from_env(&environment).map_err(|error| error.to_string())
    }

    fn callback(headers: &[(&str, &str)]) -> CallbackRequest {
        let request = http::Request::builder();
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Vec::new()).unwrap()
    }

    #[test]
    fn any_of_the_secrets_is_admitted_and_nothing_else() {
        let secrets = secrets(&format!("{OLD},{NEW}")).unwrap();
        for secret in [OLD, NEW] {
            assert!(secrets.admit(&callback(&[("X-Mediahook-Origin-Secret", secret)])));
        }
        let both = format!("{OLD},{NEW}");
        let lower = OLD.to_lowercase();
        for headers in [
            &[] as &[_],
            &[(ORIGIN_HEADER, "")],
            &[(ORIGIN_HEADER, OLD.trim_start_matches('0'))],
            &[(ORIGIN_HEADER, &lower)],
            &[(ORIGIN_HEADER, &both)],
            &[(ORIGIN_HEADER, OLD), (ORIGIN_HEADER, OLD)],
            &[("authorization", OLD)],
        ] {
            assert!(!secrets.admit(&callback(headers)), "{headers:?}");
        }
    }

    #[test]
    fn without_the_variable_no_secret_is_needed() {
        let none = OriginSecrets::from_env(&Environment::from_iter([("OTHER", "x")])).unwrap();
        assert!(none.admit(&callback(&[])));
        assert!(OriginSecrets::default().admit(&callback(&[])));
    }

    #[test]
    fn a_secret_that_is_blank_or_short_is_an_error_that_names_the_variable_and_does_not_show_it() {
        for wrong in [
            "short-secret",
            &format!("{OLD},"),
            &format!("{OLD}, {NEW}"),
            &format!("{OLD}-"),
            OLD.trim_start_matches('0'),
        ] {
            let error = secrets(wrong).unwrap_err();
            assert!(error.starts_with("MEDIAHOOK_ORIGIN_SECRETS: expected"), "{error}");
            assert!(!error.contains(wrong), "{error}");
        }
        for blank in ["", " ", ",", "\n"] {
            assert!(
                secrets(blank).unwrap_err().starts_with("MEDIAHOOK_ORIGIN_SECRETS: expected"),
                "{blank:?}"
            );
        }
        assert!(!format!("{:?}", secrets(OLD).unwrap()).contains(OLD));
    }
}
