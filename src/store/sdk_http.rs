//! The HTTP client under the AWS SDK.
//!
//! The SDK's own brings HTTP/2, which none of our services needs (a tenth of the receiver's code), and hands every root
//! of a system's store through a base64 decoder that is slow on purpose: most of what a start costs.

use std::sync::Arc;

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use hyper::header::{HeaderValue, USER_AGENT};

use super::connect::{Connections, Connector, OUR_NAME};

/// Has the SDK leave out what nobody asks for: what it says of itself, in two headers of a hundred bytes and more, composed
/// and signed anew for every request; two headers that number calls and attempts; and the labels of metrics that are not
/// collected. What it learns of the service's clock, and a trace that goes along, stay.
#[derive(Debug)]
pub(super) struct WithoutFrills;

#[dyn_dispatch_hint]
impl Intercept for WithoutFrills {
    fn name(&self) -> &'static str {
        "WithoutFrills"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let state = config.interceptor_state();
        state.store_put(disable_interceptor::<UserAgentInterceptor>("the connector says who we are"));
        state.store_put(disable_interceptor::<RequestInfoInterceptor>("no service goes by it"));
        state.store_put(disable_interceptor::<InvocationIdInterceptor>("no service goes by it"));
        // The names of service and operation: the labels are made of them, four times a call.
        state.unset::<Metadata>();
        Ok(())
    }
}

/// An HTTP client for SDK clients, which share its connections.
#[derive(Debug)]
pub(super) struct SdkHttp(SharedHttpConnector);

#[derive(Debug)]
struct Shared(Arc<Connections>);

impl SdkHttp {
    pub(super) fn new(connector: Connector) -> Self {
        Self(SharedHttpConnector::new(Shared(Arc::new(Connections::new(connector)))))
    }
}

impl HttpClient for SdkHttp {
    /// The settings are timeouts, which the SDK and the connector observe themselves.
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.0.clone()
    }
}

impl HttpConnector for Shared {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connections = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let mut request = request.try_into_http1x().map_err(|e| ConnectorError::user(e.into()))?;
            request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(OUR_NAME));
            // Whatever happens on the way may be better on another connection, so all of it is the kind that is retried.
            let answer = connections.exchange(request, None).await;
            let answer = answer.map_err(|e| ConnectorError::io(e.into()))?;
            HttpResponse::try_from(answer.map(SdkBody::from))
                .map_err(|e| ConnectorError::other(e.into(), None))
        })
    }
}
