//! What the fakes of both senders' queues have in common: a server on loopback before an [`Inbox`], faults on demand.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::net::TcpListener;

use super::cloud::Fault;
use super::http::{self, Request, Response};
use super::inbox::{Inbox, Meddled};

#[derive(Clone)]
pub struct SenderQueue {
    pub address: SocketAddr,
    pub inbox: Inbox,
    faults: Arc<Mutex<Faults>>,
    replacements: Arc<Mutex<Replacements>>,
}

type Faults = Box<dyn Fn(&str, usize) -> Fault + Send + Sync>;
type Replacements = Box<dyn Fn(&str, usize, &[u8]) -> Option<Response> + Send + Sync>;

impl SenderQueue {
    /// Has every request answered; what is taken comes again after this long.
    pub(super) fn serve<A: Future<Output = Option<Response>> + Send + 'static>(
        listener: TcpListener,
        visibility: Duration,
        answer: impl Fn(Self, Request) -> A + Clone + Send + Sync + 'static,
    ) -> Self {
        let queue = Self {
            address: listener.local_addr().expect("an address"),
            inbox: Inbox::new(visibility),
            faults: Arc::new(Mutex::new(Box::new(|_, _| Fault::None))),
            replacements: Arc::new(Mutex::new(Box::new(|_, _, _| None))),
        };
        let serving = queue.clone();
        tokio::spawn(http::serve(listener, move |request| answer(serving.clone(), request)));
        queue
    }

    /// From now on the nth of these calls is answered like this.
    pub fn faults(&self, faults: impl Fn(&str, usize) -> Fault + Send + Sync + 'static) {
        *self.faults.lock().expect("the faults") = Box::new(faults);
    }

    /// From now on the nth of these calls is carried out, and its answer, with this body, is replaced.
    pub fn replaces(&self, by: impl Fn(&str, usize, &[u8]) -> Option<Response> + Send + Sync + 'static) {
        *self.replacements.lock().expect("the replacements") = Box::new(by);
    }

    /// Counts a call, and carries it out as far as its fault lets it.
    pub(super) async fn call(
        &self,
        name: &str,
        error: impl FnOnce() -> Response,
        carry_out: impl Future<Output = Response>,
    ) -> Option<Response> {
        let nth = self.inbox.count(name);
        let fault = (self.faults.lock().expect("the faults"))(name, nth);
        if let Fault::AnswerLate(by) = fault {
            let answer = carry_out.await;
            tokio::time::sleep(by).await;
            return Some(answer);
        }
        match fault.meddle(error).await {
            Meddled::Not => {
                let (head, body) = carry_out.await.into_parts();
                let body = body.collect().await.expect("a body in memory").to_bytes();
                let replaced = (self.replacements.lock().expect("the replacements"))(name, nth, &body);
                Some(replaced.unwrap_or_else(|| Response::from_parts(head, body.into())))
            }
            Meddled::Answer(response) => Some(response),
            Meddled::Reset => None,
            Meddled::ResetAfter => {
                carry_out.await;
                None
            }
        }
    }
}
