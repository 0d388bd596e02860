//! When two JSON values mean the same to the senders.

use serde_json::{Map, Number, Value};

/// With every number as text, in quotes or not, without what means "none" and blanks at the ends of names.
pub(crate) fn normal(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(value.clone()),
        Value::Number(number) => Some(digits(number).into()),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(number(text).map_or_else(|| text.clone(), |n| digits(&n)).into()),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(normal).collect();
            (!items.is_empty()).then(|| items.into())
        }
        Value::Object(object) => {
            let mut normals: Map<_, _> =
                object.iter().filter_map(|(name, value)| Some((name.clone(), normal(value)?))).collect();
            for name in object.keys() {
                if let Some(value) = normals.remove(name) {
                    let is_free = !normals.contains_key(name.trim_end());
                    normals.insert(if is_free { name.trim_end().to_owned() } else { name.clone() }, value);
                }
            }
            Some(normals.into())
        }
    }
}

fn number(text: &str) -> Option<Number> {
    serde_json::from_str(text).ok().filter(|_| !text.contains(char::is_whitespace))
}

/// `60.0` is `60`.
fn digits(number: &Number) -> String {
    let float = number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < 9e15);
    float.map_or_else(|| number.to_string(), |n| format!("{:.0}", n + 0.0))
}

#[test]
fn numbers_are_texts_and_nothing_is_none() {
    let same = |a: &str, b: &str| {
        let parse = |text: &str| serde_json::from_str(text).unwrap();
        normal(&parse(a)) == normal(&parse(b))
    };
    assert!(same("60.0", "\"60\""));
    assert!(same("16092504232103571364", "\"16092504232103571364\""));
    assert!(same(r#"{"a":[null,""],"b":1}"#, r#"{"b":1}"#));
    assert!(same(r#"{"a ":1}"#, r#"{"a":1}"#));
    assert!(!same(r#"{"a ":1,"a":2}"#, r#"{"a":2}"#));
    assert!(!same("16092504232103571364", "\"16092504232103571365\""));
    assert!(!same("\"007\"", "7"));
    assert!(!same("{}", "null"));
    assert!(!same("-10", "10"));
}
