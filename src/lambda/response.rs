//! From a response to the answer of a function URL's invocation (payload format 2.0).

use std::collections::BTreeMap;

use http::Response;
use serde_json::{Value, json};

/// The answer to an invocation of a function URL.
pub fn to_function_url(response: Response<String>) -> Value {
    let (parts, body) = response.into_parts();
    let headers =
        parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    json!({
        "statusCode": parts.status.as_u16(),
        "headers": headers.collect::<BTreeMap<_, _>>(),
        "body": body,
        "isBase64Encoded": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_what_a_function_url_takes() {
        let response = Response::builder().status(405).header("allow", "POST").body("{}".to_owned()).unwrap();
        let answer = json!({ "statusCode": 405, "headers": { "allow": "POST" }, "body": "{}", "isBase64Encoded": false });
        assert_eq!(to_function_url(response), answer);
    }
}
