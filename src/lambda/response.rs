//! From a response to the answer of a function URL's invocation (payload format 2.0).

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;

/// The answer to an invocation of a function URL.
pub fn to_function_url(response: http::Response<String>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    answer.headers = parts.headers;
    answer.body = Some(body.into());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_response_is_what_a_function_url_takes() {
        let response = http::Response::builder().status(405).header("allow", "POST").body("{}".to_owned());
        let answer = serde_json::to_value(to_function_url(response.unwrap())).unwrap();
        assert_eq!(answer["statusCode"], 405);
        assert_eq!(answer["headers"], json!({ "allow": "POST" }));
        assert_eq!((&answer["body"], &answer["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    }
}
