//! How connections are made and kept: TCP, TLS by `ring`, HTTP/1.1, which is what AWS and both senders speak.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::http::uri::Scheme;
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{ClientConfig, RootCertStore};
use tower_service::Service as _;

use super::StoreError;
use super::aws::causes;
use super::memory::Share;

/// Makes connections, to `http` addresses too: which are allowed is decided where they are read.
pub(super) type Connector = HttpsConnector<HttpConnector>;

/// Who we are, in AWS's own logs.
pub(super) const OUR_NAME: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// For the TCP handshake alone, and for the most distant: both senders are on other continents than most functions.
/// Whoever sends bounds the whole exchange.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Shorter than a server keeps one, so that a request seldom meets a connection that is just being closed.
const IDLE_FOR: Duration = Duration::from_secs(20);

/// A connector that trusts these roots.
///
/// # Errors
/// TLS cannot be set up.
pub(super) fn connector(roots: RootCertStore) -> Result<Connector, StoreError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_WITHIN));
    let tls = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|e| causes(&e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp))
}

/// What is sent: bytes in memory, as the SDK has them.
pub(super) type Payload = SdkBody;

/// Connections, each of which serves one request after another, whoever they are to.
///
/// Not `hyper-util`'s client: it weighs new connections against old ones that may become free, for every request, and gives
/// up only the one connection that failed, where those beside it may be as stale.
#[derive(Debug)]
pub(super) struct Connections {
    connector: Connector,
    idle: Mutex<Vec<Idle>>,
}

/// A connection that waits for a request.
#[derive(Debug)]
struct Idle {
    to: Origin,
    since: Instant,
    connection: SendRequest<Payload>,
}

/// Where a connection leads.
#[derive(Debug, PartialEq)]
struct Origin {
    scheme: Scheme,
    /// As the request's header has it: a port that goes without saying is not said.
    host: HeaderValue,
}

impl Connections {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector, idle: Mutex::default() }
    }

    /// Sends a request to its absolute address, and waits for the whole of its answer.
    ///
    /// A connection is kept after an answer that was no server error. After anything else, and when nobody waits that long,
    /// it is given up with all that lead to the same place: the next attempt has a fresh one.
    ///
    /// # Errors
    /// There is no answer, or one that the memory has no room for.
    pub(super) async fn exchange(
        &self,
        mut request: Request<Payload>,
        memory: Option<&mut Share>,
    ) -> Result<Response<Bytes>, StoreError> {
        let address = std::mem::take(request.uri_mut());
        let to = Origin::of(&address).ok_or_else(|| StoreError("an address without a host".to_owned()))?;
        *request.uri_mut() = address.path_and_query().cloned().map(Uri::from).unwrap_or_default();
        request.headers_mut().insert(HOST, to.host.clone());

        let doubt = Doubt { connections: self, to: &to };
        let (connection, answer) = self.send(request, &to, address).await?;
        let (head, body) = answer.into_parts();
        let body = match memory {
            Some(memory) => collect(body, memory).await?,
            None => body.collect().await.map_err(|e| causes(&e))?.to_bytes(),
        };
        if !head.status.is_server_error() {
            doubt.dispel();
            self.idle().push(Idle { to, since: Instant::now(), connection });
        }
        Ok(Response::from_parts(head, body))
    }

    /// The next request makes a connection of its own. What is under way goes on.
    pub(super) fn forget(&self) {
        self.idle().clear();
    }

    async fn send(
        &self,
        mut request: Request<Payload>,
        to: &Origin,
        address: Uri,
    ) -> Result<(SendRequest<Payload>, Response<Incoming>), StoreError> {
        while let Some(mut kept) = self.take(to) {
            match kept.try_send_request(request).await {
                Ok(answer) => return Ok((kept, answer)),
                // It was closed, or is busy still, and nothing was sent: no reason to fail.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(causes(&error.into_error())),
                },
            }
        }
        // Boxed, as it is large and seldom run.
        let mut fresh = Box::pin(self.connect(address)).await?;
        let answer = fresh.send_request(request).await.map_err(|e| causes(&e))?;
        Ok((fresh, answer))
    }

    async fn connect(&self, address: Uri) -> Result<SendRequest<Payload>, StoreError> {
        let mut connector = self.connector.clone();
        poll_fn(|context| connector.poll_ready(context)).await.map_err(|e| causes(e.as_ref()))?;
        let stream = connector.call(address).await.map_err(|e| causes(e.as_ref()))?;
        let (connection, exchanges) = handshake(stream).await.map_err(|e| causes(&e))?;
        // How it ends is seen by whoever waits for an answer.
        tokio::spawn(exchanges);
        Ok(connection)
    }

    /// The one that was used last, as it is the most likely to be good.
    fn take(&self, to: &Origin) -> Option<SendRequest<Payload>> {
        let mut idle = self.idle();
        idle.retain(|idle| !idle.connection.is_closed() && idle.since.elapsed() < IDLE_FOR);
        let last = idle.iter().rposition(|idle| idle.to == *to)?;
        Some(idle.remove(last).connection)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // Nothing panics while it holds the lock; if it did, the connections would still be whole.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a body as there is room for it: at once for all of it, where its length is told before.
async fn collect(mut body: Incoming, memory: &mut Share) -> Result<Bytes, StoreError> {
    let told = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    memory.grow(told.unwrap_or_default()).await.map_err(|e| causes(&e))?;
    let mut read = Vec::with_capacity(told.unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| causes(&e))?;
        if let Some(bytes) = frame.data_ref() {
            memory.grow(read.len() + bytes.len()).await.map_err(|e| causes(&e))?;
            read.extend_from_slice(bytes);
        }
    }
    Ok(read.into())
}

/// Whether the connections that lead there are still good: what ends one unseen may have ended all of them, as when the
/// function was frozen.
struct Doubt<'a> {
    connections: &'a Connections,
    to: &'a Origin,
}

impl Doubt<'_> {
    fn dispel(self) {
        std::mem::forget(self);
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        self.connections.idle().retain(|idle| idle.to != *self.to);
    }
}

impl Origin {
    /// Nothing of an address that is not absolute.
    fn of(address: &Uri) -> Option<Self> {
        let (scheme, name) = (address.scheme()?.clone(), address.host()?);
        let default_port = if scheme == Scheme::HTTPS { 443 } else { 80 };
        let port = address.port_u16().filter(|port| *port != default_port);
        let host = port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Some(Self { scheme, host: host.try_into().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::io::{Read as _, Write as _};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::store::memory::ReadMemory;

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\nno";
    const NEVER: &str = "";

    /// Which connection a request came on, and its head.
    type Seen = (usize, String);

    /// What each connection answers, one request after another, before it is closed.
    type Script = &'static [&'static [&'static str]];

    async fn serve(script: Script) -> (Connections, String, UnboundedReceiver<Seen>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/queue?a=b", listener.local_addr().unwrap());
        let (tell, seen) = unbounded_channel();
        tokio::spawn(async move {
            for (number, answers) in script.iter().enumerate() {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve_one(stream, number, answers, tell.clone()));
            }
        });
        (Connections::new(connector(RootCertStore::empty()).unwrap()), address, seen)
    }

    async fn serve_one(
        mut stream: TcpStream,
        number: usize,
        answers: &'static [&'static str],
        tell: UnboundedSender<Seen>,
    ) {
        for answer in answers {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { return };
                head.push(byte.into());
            }
            tell.send((number, head)).unwrap();
            if *answer == NEVER {
                sleep(Duration::from_mins(1)).await;
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    async fn ask(connections: &Connections, address: &str) -> Result<Response<Bytes>, StoreError> {
        let request = Request::get(address).body(Payload::empty()).unwrap();
        connections.exchange(request, None).await
    }

    /// Two requests, the second after a moment, and which connections they came on.
    async fn asked_twice(script: Script, between: impl Fn(&Connections)) -> [usize; 2] {
        let (connections, address, mut seen) = serve(script).await;
        let _ = timeout(Duration::from_millis(100), ask(&connections, &address)).await;
        sleep(Duration::from_millis(20)).await;
        between(&connections);
        assert_eq!(ask(&connections, &address).await.unwrap().into_body(), "ok");
        [seen.recv().await.unwrap().0, seen.recv().await.unwrap().0]
    }

    #[tokio::test]
    async fn a_connection_serves_one_request_after_another() {
        assert_eq!(asked_twice(&[&[OK, OK]], |_| ()).await, [0, 0]);
    }

    #[tokio::test]
    async fn one_that_may_be_of_no_use_is_not_used_again() {
        let nothing = |_: &Connections| ();
        assert_eq!(asked_twice(&[&[OK], &[OK]], nothing).await, [0, 1], "closed");
        assert_eq!(asked_twice(&[&[BUSY, OK], &[OK]], nothing).await, [0, 1], "after a server error");
        assert_eq!(
            asked_twice(&[&[NEVER], &[OK]], nothing).await,
            [0, 1],
            "when nobody waited for the answer"
        );
        assert_eq!(asked_twice(&[&[OK, OK], &[OK]], Connections::forget).await, [0, 1], "forgotten");
        let long_ago = |connections: &Connections| {
            connections.idle().iter_mut().for_each(|idle| idle.since -= IDLE_FOR);
        };
        assert_eq!(asked_twice(&[&[OK, OK], &[OK]], long_ago).await, [0, 1], "idle for long");
    }

    #[tokio::test]
    async fn what_failed_on_one_is_not_tried_on_another_as_old() {
        for never in [NEVER, BUSY, "not HTTP\r\n\r\n"] {
            let first: &[&str] = Box::leak(Box::new([OK, never, OK]));
            let script = Box::leak(Box::new([first, &[OK, OK], &[OK]]));
            let (connections, address, mut seen) = serve(script).await;
            let (first, second) = tokio::join!(ask(&connections, &address), ask(&connections, &address));
            assert!(first.is_ok() && second.is_ok() && connections.idle().len() == 2);
            // The first of them is the one to use.
            connections.idle().sort_by_key(|idle| Reverse(idle.since));
            let answer = timeout(Duration::from_millis(50), ask(&connections, &address)).await;
            assert!(!answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status() == 200)));
            ask(&connections, &address).await.unwrap();
            let connections = [0; 4].map(|_| seen.try_recv().unwrap().0);
            assert_eq!(connections[3], 2, "{never:?}: {connections:?}");
        }
    }

    #[tokio::test]
    async fn a_connection_can_be_used_at_once() {
        let (connections, address, mut seen) = serve(&[&[OK; 20]]).await;
        for _ in 0..20 {
            ask(&connections, &address).await.unwrap();
            assert_eq!(seen.try_recv().unwrap().0, 0);
        }
    }

    #[tokio::test]
    async fn nobody_is_sent_what_is_for_another() {
        let (connections, address, mut seen) = serve(&[&[OK, OK], &[OK]]).await;
        let other = address.replace("127.0.0.1", "localhost");
        for address in [&address, &other] {
            ask(&connections, address).await.unwrap();
        }
        let (first, second) = (seen.recv().await.unwrap(), seen.recv().await.unwrap());
        assert_eq!([first.0, second.0], [0, 1]);
        assert!(first.1.starts_with("GET /queue?a=b HTTP/1.1\r\nhost: 127.0.0.1:"), "{}", first.1);
        assert!(second.1.starts_with("GET /queue?a=b HTTP/1.1\r\nhost: localhost:"), "{}", second.1);
    }

    #[tokio::test]
    async fn what_is_for_tls_is_sent_on_nothing_else() {
        let (connections, address, mut seen) = serve(&[&[OK, OK], &[OK]]).await;
        ask(&connections, &address).await.unwrap();
        seen.recv().await.unwrap();
        let address = address.replace("http://", "https://");
        let answer = timeout(Duration::from_millis(100), ask(&connections, &address)).await;
        assert!(answer.is_err(), "nobody there speaks TLS");
        assert!(seen.try_recv().is_err());
    }

    /// As when a function wakes: what is to be sent comes together with the end of the connection.
    #[tokio::test]
    async fn a_request_that_was_not_sent_is_sent_on_another() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let (mut wake, woken) = std::os::unix::net::UnixStream::pair().unwrap();
        woken.set_nonblocking(true).unwrap();
        let mut woken = tokio::net::UnixStream::from_std(woken).unwrap();
        let server = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
                stream.write_all(OK.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(20));
                drop(stream);
                wake.write_all(b".").unwrap();
            }
        });
        let connections = Connections::new(connector(RootCertStore::empty()).unwrap());
        ask(&connections, &address).await.unwrap();
        std::thread::sleep(Duration::from_millis(100));
        woken.read_u8().await.unwrap();
        assert!(!connections.idle()[0].connection.is_closed(), "nobody has seen it yet");
        ask(&connections, &address).await.unwrap();
        server.join().unwrap();
    }

    #[tokio::test]
    async fn what_cannot_be_had_is_an_error() {
        const CHUNKED: &str =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        const LONG: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde";
        for (room, answer) in [(5, "abcde"), (4, "")] {
            let (connections, address, _seen) = serve(&[&[CHUNKED, LONG], &[LONG]]).await;
            for _ in 0..2 {
                let mut share = ReadMemory::new(room).share();
                let request = Request::get(&address).body(Payload::empty()).unwrap();
                let answered = connections.exchange(request, Some(&mut share)).await;
                assert_eq!(share.shortage().is_some(), answer.is_empty());
                assert_eq!(answered.map(Response::into_body).unwrap_or_default(), answer);
            }
        }
        let (connections, _, _seen) = serve(&[]).await;
        let error = ask(&connections, "/queue").await.unwrap_err();
        assert_eq!(error.0, "an address without a host");
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = ask(&connections, &format!("http://{closed}/")).await.unwrap_err();
        assert!(error.0.contains("Connection refused"), "{error}");
    }

    #[test]
    fn a_host_is_named_as_it_is_signed() {
        let host = |address| Origin::of(&Uri::from_static(address)).unwrap().host;
        assert_eq!(host("https://sqs.eu-central-1.amazonaws.com/"), "sqs.eu-central-1.amazonaws.com");
        assert_eq!(host("https://localhost:443/a"), "localhost");
        assert_eq!(host("http://localhost:443/a"), "localhost:443");
        assert_eq!(host("http://user@[::1]:80"), "[::1]");
    }
}
