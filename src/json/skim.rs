//! Looks through a text that is no JSON, or too deep, for what can be told all the same.

use super::cursor::{Cursor, Unexpected};

/// Passes over an object without keeping any of it: the name and the value of each of its members, as they are written.
///
/// # Errors
/// The text is no object, or a bracket or a quote is not closed. Of what stands inside, JSON or not, nothing is checked.
pub(crate) fn skim<'a>(text: &'a str, mut each: impl FnMut(&'a str, &'a str)) -> Result<(), Unexpected> {
    let mut cursor = Cursor::new(text);
    cursor.space();
    cursor.expect(b'{')?;
    cursor.space();
    while cursor.byte() != Some(b'}') {
        let name = string(&mut cursor)?;
        cursor.space();
        cursor.expect(b':')?;
        cursor.space();
        each(name, value(&mut cursor)?);
        cursor.space();
        if cursor.byte() == Some(b',') {
            cursor.at += 1;
            cursor.space();
        }
    }
    cursor.at += 1;
    cursor.space();
    if cursor.byte().is_some() { Err(Unexpected) } else { Ok(()) }
}

/// A string with its quotes.
fn string<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, Unexpected> {
    let start = cursor.at;
    cursor.expect(b'"')?;
    loop {
        cursor.plain();
        cursor.at += match cursor.byte().ok_or(Unexpected)? {
            b'"' => break,
            b'\\' => 2,
            _ => 1,
        };
    }
    cursor.at += 1;
    Ok(cursor.since(start))
}

/// A value, however deep.
fn value<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, Unexpected> {
    let (start, mut open) = (cursor.at, 0_usize);
    loop {
        match cursor.byte().ok_or(Unexpected)? {
            b'"' => drop(string(cursor)?),
            b'{' | b'[' => {
                open += 1;
                cursor.at += 1;
            }
            b'}' | b']' => {
                open = open.checked_sub(1).ok_or(Unexpected)?;
                cursor.at += 1;
            }
            _ if open > 0 => cursor.at += 1,
            _ => scalar(cursor),
        }
        if open == 0 {
            return Ok(cursor.since(start));
        }
    }
}

fn scalar(cursor: &mut Cursor<'_>) {
    while !matches!(cursor.byte(), None | Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n')) {
        cursor.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Result<Vec<(&str, &str)>, Unexpected> {
        let mut members = Vec::new();
        skim(text, |name, value| members.push((name, value))).map(|()| members)
    }

    #[test]
    fn an_object_is_passed_over_member_by_member() {
        let text = r#" { "a" : 1.0 ,"b\"}": [{"c":"]}"},[[]]] , "d":{} ,"e":"\\" , "f":null } "#;
        let expected = [
            (r#""a""#, "1.0"),
            (r#""b\"}""#, r#"[{"c":"]}"},[[]]]"#),
            (r#""d""#, "{}"),
            (r#""e""#, r#""\\""#),
            (r#""f""#, "null"),
        ];
        assert_eq!(members(text).unwrap(), expected);
        assert_eq!(members("{}"), Ok(vec![]));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(members(&deep).unwrap().len(), 1);
    }

    #[test]
    fn what_is_not_closed_is_no_object() {
        for text in [
            "",
            " ",
            "[]",
            "1",
            r#"{"a""#,
            r#"{"a":"#,
            r#"{"a":1"#,
            r#"{"a":[}"#,
            r#"{"a":"b}"#,
            r#"{"a":"b\"#,
            "{} {}",
            "{a:1}",
        ] {
            assert_eq!(members(text), Err(Unexpected), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_inside_is_passed_over() {
        let text = "{\"a\":{oh,\"b\t\"},\"c\":nil,}";
        assert_eq!(members(text).unwrap(), [("\"a\"", "{oh,\"b\t\"}"), ("\"c\"", "nil")]);
    }
}
