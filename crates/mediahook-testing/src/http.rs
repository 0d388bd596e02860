//! A plain HTTP/1.1 server and a client for one request, over hyper.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

pub type Request = hyper::Request<Bytes>;
pub type Response = hyper::Response<Full<Bytes>>;

/// Answers every request on this listener, until the process or the runtime ends. No answer resets the connection.
pub async fn serve<F, R>(listener: TcpListener, answer: F)
where
    F: Fn(Request) -> R + Clone + Send + 'static,
    R: Future<Output = Option<Response>> + Send,
{
    serve_counted(listener, &AtomicUsize::new(0), answer).await;
}

/// The same; it counts the connections.
pub async fn serve_counted<F, R>(listener: TcpListener, connections: &AtomicUsize, answer: F)
where
    F: Fn(Request) -> R + Clone + Send + 'static,
    R: Future<Output = Option<Response>> + Send,
{
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Ordering::Relaxed);
        // A head and a body in two packets would wait for each other's acknowledgement (Nagle).
        let _ = stream.set_nodelay(true);
        // Whatever is closed here without an end is reset, and not politely finished.
        let _ = stream.set_zero_linger();
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let answer = answer.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
                    let answer = answer(Request::from_parts(head, body)).await;
                    answer.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionReset))
                }
            });
            // An error here is a connection that the other side gave up.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// A listener on a free port of this machine.
pub async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    (listener, address)
}

pub fn response(status: u16, media_type: &str, body: impl Into<Bytes>) -> Response {
    hyper::Response::builder()
        .status(status)
        .header("content-type", media_type)
        .body(Full::new(body.into()))
        .expect("a response")
}

/// What came back.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// Sends one request on a connection of its own.
pub async fn send(
    to: SocketAddr,
    method: &str,
    path_and_query: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Answered {
    let stream = TcpStream::connect(to).await.expect("a connection");
    let (mut client, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    let mut request =
        hyper::Request::builder().method(method).uri(path_and_query).header("host", to.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).expect("a request");
    let (head, body) = client.send_request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answered {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8(body.into()).expect("text"),
    }
}
