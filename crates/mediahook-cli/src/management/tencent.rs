//! Tencent Cloud VOD: `DescribeEventConfig` and `ModifyEventConfig` (API 2018-07-17).
//!
//! The answer has no `SignKey`: whether and which key is set cannot be read. Nothing says whether members that are left
//! out of a modification keep their value, `SignKey` included, so all of them are sent.

use mediahook_senders::tencent_vod::tc3;
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{ApiOptions, CallbackSettings, Credentials, host_of, parse, refused};
use crate::callback::Http;
use crate::failure::Failure;

const DEFAULT_ENDPOINT: &str = "https://vod.tencentcloudapi.com";
const VERSION: &str = "2018-07-17";

/// The settings of an application, besides the key.
pub(super) const MEMBERS: [&str; 5] = [
    "Mode",
    "NotificationUrl",
    "UploadMediaCompleteEventSwitch",
    "DeleteMediaCompleteEventSwitch",
    "PersistenceCompleteEventSwitch",
];

/// The API of one application.
pub(crate) struct Vod {
    credentials: Credentials,
    sub_app_id: Option<u64>,
    endpoint: String,
    http: Http,
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "Response")]
    response: Map<String, Value>,
}

impl Vod {
    pub(super) fn new(credentials: Credentials, options: &ApiOptions, http: Http) -> Result<Self, Failure> {
        let endpoint = options.sender_endpoint.clone().or_else(|| credentials.endpoint.clone());
        let not_a_number =
            |_| Failure::Usage("--sender-app: Tencent's sub-applications are numbers".to_owned());
        let given = options.sender_app.as_ref().map(|id| id.parse().map_err(not_a_number)).transpose()?;
        let sub_app_id = given.or(credentials.sub_app_id);
        Ok(Self {
            credentials,
            sub_app_id,
            endpoint: endpoint.unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned()),
            http,
        })
    }

    pub(super) async fn describe_event_config(&self) -> Result<CallbackSettings, Failure> {
        let response = self.call("DescribeEventConfig", Map::new()).await?;
        let text = |member: &str| response.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let members = MEMBERS.iter().map(|member| ((*member).to_owned(), text(member))).collect();
        Ok(CallbackSettings { members, key: None })
    }

    pub(super) async fn modify_event_config(&self, settings: &CallbackSettings) -> Result<(), Failure> {
        let mut parameters: Map<_, _> =
            settings.members.iter().map(|(member, value)| (member.clone(), value.as_str().into())).collect();
        if let Some(key) = &settings.key {
            parameters.insert("SignKey".to_owned(), key.reveal().into());
        }
        self.call("ModifyEventConfig", parameters).await.map(drop)
    }

    async fn call(
        &self,
        action: &'static str,
        mut parameters: Map<String, Value>,
    ) -> Result<Map<String, Value>, Failure> {
        if let Some(sub_app_id) = self.sub_app_id {
            parameters.insert("SubAppId".to_owned(), sub_app_id.into());
        }
        let (body, now, host) =
            (Value::Object(parameters).to_string(), OffsetDateTime::now_utc(), host_of(&self.endpoint)?);
        let Credentials { secret_id, secret_key, security_token, .. } = &self.credentials;
        let mut headers = vec![
            ("content-type", tc3::CONTENT_TYPE.to_owned()),
            ("x-tc-action", action.to_owned()),
            ("x-tc-version", VERSION.to_owned()),
            ("x-tc-timestamp", now.unix_timestamp().to_string()),
            ("authorization", tc3::authorization(secret_id, secret_key, host, &body, now)),
        ];
        headers.extend(security_token.clone().map(|token| ("x-tc-token", token)));
        let url = format!("{}/", self.endpoint.trim_end_matches('/'));
        let answered = self.http.call(reqwest::Method::POST, &url, &headers, body).await?;
        let Wrapped { response } = parse(action, &answered)?;
        let text = |object: &Value, member: &str| {
            object.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        if let Some(error) = response.get("Error") {
            let (code, request_id) =
                (text(error, "Code"), text(&Value::Object(response.clone()), "RequestId"));
            return Err(refused(&format!("vod:{action}"), &code, &request_id, code.contains("Unauthorized")));
        }
        Ok(response)
    }
}
