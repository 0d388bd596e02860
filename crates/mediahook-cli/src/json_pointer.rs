//! Replaces one value of a JSON text, and leaves every other byte as it is: ids of 19 digits keep every digit.

use serde_json::value::RawValue;

/// Why a value cannot be replaced.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PointerError {
    #[error("the text is not JSON")]
    NotJson,
    #[error("`{0}` is not a JSON pointer: it begins with a slash")]
    NotAPointer(String),
    #[error("`{0}` matches nothing")]
    NoMatch(String),
}

/// The text with another value where the pointer (RFC 6901) points. A value that is not JSON is a string, and so is
/// every value that takes the place of a string.
pub(crate) fn replace(text: &str, pointer: &str, value: &str) -> Result<String, PointerError> {
    let no_match = || PointerError::NoMatch(pointer.to_owned());
    let place = find(text, pointer)?;
    let is_json = serde_json::from_str::<&RawValue>(value).is_ok();
    let value = if place.starts_with('"') || !is_json { quoted(value) } else { value.to_owned() };
    let start = (place.as_ptr() as usize).checked_sub(text.as_ptr() as usize).ok_or_else(no_match)?;
    let before = text.get(..start).ok_or_else(no_match)?;
    let after = text.get(start + place.len()..).ok_or_else(no_match)?;
    Ok(format!("{before}{value}{after}"))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The part of the text that the pointer points to.
fn find<'a>(text: &'a str, pointer: &str) -> Result<&'a str, PointerError> {
    let mut at: &RawValue = serde_json::from_str(text).map_err(|_| PointerError::NotJson)?;
    let no_match = || PointerError::NoMatch(pointer.to_owned());
    let path = pointer.strip_prefix('/').ok_or_else(|| PointerError::NotAPointer(pointer.to_owned()))?;
    for token in path.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        at = member(at, &token).ok_or_else(no_match)?;
    }
    Ok(at.get())
}

fn member<'a>(value: &'a RawValue, token: &str) -> Option<&'a RawValue> {
    if value.get().starts_with('{') {
        let members: std::collections::HashMap<std::borrow::Cow<'_, str>, &RawValue> =
            serde_json::from_str(value.get()).ok()?;
        members.get(token).copied()
    } else {
        let elements: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        elements.get(token.parse::<usize>().ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_replaced_and_no_other_byte() {
        let text = r#"{ "A": {"FileId": 5285485487985271490, "List":[1.50e3,{"b":"x"}] } , "a/b": "c" }"#;
        assert_eq!(
            replace(text, "/A/List/1/b", "5").unwrap(),
            r#"{ "A": {"FileId": 5285485487985271490, "List":[1.50e3,{"b":"5"}] } , "a/b": "c" }"#
        );
        assert_eq!(
            replace(text, "/A/FileId", "5285485487985271491").unwrap(),
            r#"{ "A": {"FileId": 5285485487985271491, "List":[1.50e3,{"b":"x"}] } , "a/b": "c" }"#
        );
        assert!(replace(text, "/A/FileId", "not a number").unwrap().contains(r#""FileId": "not a number","#));
        assert!(replace(text, "/a~1b", "quote \"").unwrap().ends_with(r#""a/b": "quote \"" }"#));
    }

    #[test]
    fn what_matches_nothing_is_an_error() {
        for pointer in ["/B", "/A/List/2", "/A/List/x", "/A/FileId/0", "/"] {
            assert_eq!(
                replace(r#"{"A":{"List":[1]}}"#, pointer, "1"),
                Err(PointerError::NoMatch(pointer.into()))
            );
        }
        assert_eq!(replace("{}", "A", "1"), Err(PointerError::NotAPointer("A".into())));
        assert_eq!(replace("not JSON", "/A", "1"), Err(PointerError::NotJson));
    }
}
