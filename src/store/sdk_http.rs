//! The HTTP client under the AWS SDK.
//!
//! The SDK's own brings HTTP/2, which none of our services needs (a tenth of the receiver's code), and hands every root
//! of a system's store through a base64 decoder that is slow on purpose: most of what a start costs.

use std::fmt;

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
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
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};

use super::connect::{self, Connector, OUR_NAME};

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

/// An HTTP client for SDK clients, with one pool for all of them.
#[derive(Debug)]
pub(super) struct SdkHttp(SharedHttpConnector);

struct Pool(Client<Connector, SdkBody>);

impl SdkHttp {
    pub(super) fn new(connector: Connector) -> Self {
        Self(SharedHttpConnector::new(Pool(connect::pool(connector))))
    }
}

impl HttpClient for SdkHttp {
    /// The settings are timeouts, which the SDK and the connector observe themselves.
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.0.clone()
    }
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(OUR_NAME));
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || Some(metadata(connection.clone())));
        }
        let response = self.0.request(request);
        HttpConnectorFuture::new(async move {
            // Whatever happens on the way may be better on another connection, so all of it is the kind that is retried.
            let response = response.await.map_err(|e| ConnectorError::io(e.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|e| ConnectorError::other(e.into(), None))
        })
    }
}

/// By this the SDK gives up a connection on which something went wrong: the second attempt has a fresh one.
fn metadata(connection: CaptureConnection) -> ConnectionMetadata {
    let poison = move || {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    ConnectionMetadata::builder().proxied(false).poison_fn(poison).build()
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}
