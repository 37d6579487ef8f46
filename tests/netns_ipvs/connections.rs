//! Connections live on while their service and server are changed.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::*;

const LIMIT: Duration = Duration::from_secs(10);

/// A client's end and the server's end of a connection through the service.
fn connected(through: SocketAddr, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect_timeout(&through, LIMIT).unwrap();
    let (server, _) = listener.accept().unwrap();
    for end in [&client, &server] {
        end.set_read_timeout(Some(LIMIT)).unwrap();
    }
    (client, server)
}

fn answers((client, server): &mut (TcpStream, TcpStream)) {
    let mut room = [0; 4];
    client.write_all(b"ping").unwrap();
    server.read_exact(&mut room).unwrap();
    server.write_all(&room).unwrap();
    client.read_exact(&mut room).unwrap();
    assert_eq!(&room, b"ping");
}

#[test]
fn connections_survive_every_edit() {
    let Some(mut kernel) = entered() else { return };
    let status = Command::new("ip")
        .args(["addr", "add", "192.0.2.1/32", "dev", "lo"])
        .status();
    assert!(status.unwrap().success());
    let listener = TcpListener::bind("127.0.0.1:8080").unwrap();
    let (key, at) = (tcp("192.0.2.1", 80), server("127.0.0.1", 8080));
    let mut table = Table::new();
    let entry = table.add_service(key, service("rr"));
    entry.destinations.insert(at, Destination::new(NAT, 1));
    establish(&mut kernel, &table);
    let mut ends: Vec<_> = (0..3)
        .map(|_| connected("192.0.2.1:80".parse().unwrap(), &listener))
        .collect();
    let mut sticky = service("wlc");
    sticky.persistence = persistent(60, Granularity::Mask(u32::MAX));
    for (service, weight) in [(sticky, 9), (service("sh"), 0), (service("rr"), 1)] {
        let entry = table.add_service(key, service);
        entry.destinations.insert(at, Destination::new(NAT, weight));
        let changes = establish(&mut kernel, &table);
        let kinds: Vec<_> = changes.iter().map(Change::name).collect();
        assert_eq!(kinds, ["edit service", "edit destination"]);
        ends.iter_mut().for_each(answers);
        let seen = kernel.read_table(Scope::All, Detail::Counters).unwrap();
        let reading = seen.readings[&key].destinations[&at];
        assert_eq!(reading.active_connections, 3);
    }
}
