//! HTTP to the senders' APIs.
//!
//! Spoken to hyper directly, which sends the request target as it was signed, and keeps to HTTP/1.1 as the senders' own
//! SDKs do. The system's roots vouch for the senders' certificates, whoever vouches for AWS.

use std::sync::OnceLock;
use std::time::Duration;

use super::connect::{self, Connections, Payload};
use super::memory::Share;
use super::{Http, StoreError, trust};
use crate::sender::pull::{Answer, Request};

/// An HTTP client that keeps its connections. The system's roots are read when it is first needed.
#[derive(Debug, Default)]
pub struct SenderHttp {
    connections: OnceLock<Result<Connections, StoreError>>,
}

impl SenderHttp {
    async fn exchange(&self, request: &Request, memory: &mut Share) -> Result<Answer, StoreError> {
        let connections = || connect::connector(trust::system()).map(Connections::new);
        let connections = self.connections.get_or_init(connections).as_ref().map_err(Clone::clone)?;
        let mut builder = hyper::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        // Not the error's own words, which may have the value.
        let body = Payload::from(request.body.clone());
        let request =
            builder.body(body).map_err(|_| StoreError("a request that cannot be sent".to_owned()))?;
        let answer = connections.exchange(request, Some(memory)).await?;
        Ok(Answer { status: answer.status().as_u16(), body: answer.into_body().into() })
    }
}

impl Http for SenderHttp {
    async fn send(
        &self,
        request: &Request,
        within: Duration,
        memory: &mut Share,
    ) -> Result<Answer, StoreError> {
        let late = |_| StoreError(format!("no answer within {} ms", within.as_millis()));
        tokio::time::timeout(within, self.exchange(request, memory)).await.map_err(late)?
    }

    fn forget_connections(&self) {
        if let Some(Ok(connections)) = self.connections.get() {
            connections.forget();
        }
    }
}
