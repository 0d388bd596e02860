//! Alibaba Cloud IMS: `GetEventCallback` and `SetEventCallback` (API ice 2020-11-09). ApsaraVideo VOD: `GetMessageCallback`
//! and `SetMessageCallback` (API vod 2017-03-21). Both answer the key in clear.
//!
//! The setting is one of a region. Nothing says whether members that are left out keep their value, so all that have one are
//! sent.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::acs3::{Call, Caller};
use super::{ApiOptions, CallbackSettings, Credentials, host_of, parse, refused};
use crate::callback::Http;
use crate::failure::Failure;
use mediahook_senders::hex;
use mediahook_senders::secret::Secret;

/// Which of the two products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    Ims,
    Vod,
}

impl Product {
    pub(crate) fn of(sender: &str) -> Self {
        if sender == "alibaba-vod" { Self::Vod } else { Self::Ims }
    }

    fn version(self) -> &'static str {
        match self {
            Self::Ims => "2020-11-09",
            Self::Vod => "2017-03-21",
        }
    }

    /// The product's name in its endpoints and permissions, and the two actions.
    fn names(self) -> (&'static str, [&'static str; 2]) {
        match self {
            Self::Ims => ("ice", ["GetEventCallback", "SetEventCallback"]),
            Self::Vod => ("vod", ["GetMessageCallback", "SetMessageCallback"]),
        }
    }

    /// The settings, besides the key.
    pub(crate) fn members(self) -> &'static [&'static str] {
        match self {
            Self::Ims => &["CallbackType", "CallbackURL", "CallbackQueueName", "EventTypeList", "AuthSwitch"],
            Self::Vod => {
                &["CallbackType", "CallbackURL", "MnsEndpoint", "MnsQueueName", "EventTypeList", "AuthSwitch"]
            }
        }
    }

    /// The regional address. ApsaraVideo VOD serves cn-hangzhou from cn-shanghai.
    fn endpoint(self, region: &str) -> String {
        match (self, region) {
            (Self::Vod, "cn-hangzhou") => "https://vod.cn-shanghai.aliyuncs.com".to_owned(),
            (_, region) => format!("https://{}.{region}.aliyuncs.com", self.names().0),
        }
    }
}

/// The API of one product in one region.
pub(crate) struct Media {
    product: Product,
    credentials: Credentials,
    endpoint: String,
    app_id: Option<String>,
    http: Http,
}

impl Media {
    pub(super) fn new(
        product: Product,
        credentials: Credentials,
        options: &ApiOptions,
        http: Http,
    ) -> Result<Self, Failure> {
        let endpoint = match (
            &options.sender_endpoint,
            options.sender_region.as_deref().or(region_of_queue(&credentials)),
        ) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(region)) => product.endpoint(region),
            (None, None) => {
                return Err(Failure::Usage(
                    "give --sender-region: Alibaba's callbacks are set per region".to_owned(),
                ));
            }
        };
        let app_id = options.sender_app.clone().filter(|_| product == Product::Vod);
        Ok(Self { product, credentials, endpoint, app_id, http })
    }

    pub(super) async fn get_callback(&self) -> Result<CallbackSettings, Failure> {
        let [get, _] = self.product.names().1;
        let mut answer = self.call(get, &[]).await?;
        if let Some(Value::Object(inner)) = answer.remove("MessageCallback") {
            answer = inner;
        }
        let text = |member: &str| answer.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let members =
            self.product.members().iter().map(|member| ((*member).to_owned(), text(member))).collect();
        let key = Some(text("AuthKey")).filter(|key| !key.is_empty()).map(Secret::new);
        Ok(CallbackSettings { members, key })
    }

    pub(super) async fn set_callback(&self, settings: &CallbackSettings) -> Result<(), Failure> {
        let [_, set] = self.product.names().1;
        let mut parameters: Vec<_> = settings
            .members
            .iter()
            // What has no value is left out; nothing says what the sender would make of it.
            .filter(|(member, value)| !value.is_empty() || *member == "EventTypeList")
            .map(|(member, value)| (member.as_str(), value.as_str()))
            .collect();
        parameters.extend(settings.key.as_ref().map(|key| ("AuthKey", key.reveal())));
        self.call(set, &parameters).await.map(drop)
    }

    async fn call(
        &self,
        action: &'static str,
        parameters: &[(&str, &str)],
    ) -> Result<Map<String, Value>, Failure> {
        let mut parameters = parameters.to_vec();
        parameters.extend(self.app_id.as_deref().map(|id| ("AppId", id)));
        let call = Call {
            host: host_of(&self.endpoint)?,
            action,
            version: self.product.version(),
            parameters: &parameters,
        };
        let Credentials { secret_id, secret_key, security_token, .. } = &self.credentials;
        let caller = Caller { id: secret_id, secret: secret_key, security_token: security_token.as_deref() };
        let headers = call.headers(&caller, OffsetDateTime::now_utc(), &nonce()?);
        let query = call.query();
        let url = format!(
            "{}/{}{query}",
            self.endpoint.trim_end_matches('/'),
            if query.is_empty() { "" } else { "?" }
        );
        let answered = self.http.call(reqwest::Method::POST, &url, &headers, String::new()).await?;
        let answer: Map<String, Value> = parse(action, &answered)?;
        if answered.status == 200 {
            return Ok(answer);
        }
        let text = |member: &str| answer.get(member).and_then(Value::as_str).unwrap_or_default();
        let is_denied =
            ["Forbidden", "NoPermission", "Unauthorized"].iter().any(|word| text("Code").contains(word));
        let (product, _) = self.product.names();
        Err(refused(&format!("{product}:{action}"), text("Code"), text("RequestId"), is_denied))
    }
}

/// `https://1234.mns.cn-shanghai.aliyuncs.com`: the queue is in the region whose events it gets.
fn region_of_queue(credentials: &Credentials) -> Option<&str> {
    let (_, rest) = credentials.endpoint.as_deref()?.split_once(".mns.")?;
    rest.split('.').next().map(|region| region.trim_end_matches("-internal"))
}

/// 128 random bits, so that no two requests are the same.
fn nonce() -> Result<String, Failure> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| Failure::Failed(format!("no random numbers: {error}")))?;
    Ok(hex(&random))
}
