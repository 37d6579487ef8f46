use super::*;

struct Nobody(Notifier<Self>);

impl Host for Nobody {
    fn notifier(&mut self) -> &mut Notifier<Self> {
        &mut self.0
    }

    fn notified(&mut self, _: &mut Scheduler<Self>) {}
}

#[test]
fn those_that_come_take_the_places_of_those_that_have_gone() {
    let mut notifier = Notifier::<Nobody>::default();
    let wishes = Wishes::default();
    let stays = notifier.add(Kind::Service, "stays", &wishes);
    for round in 0..1000 {
        let server = notifier.add_server(&format!("server {round}"), "stays", &wishes);
        assert_ne!(server, stays);
        notifier.tell(Instant::ZERO, server, What::Up, 0, "");
        notifier.retire(server);
    }
    assert_eq!(notifier.subjects.len(), 2);
    let service = notifier.add(Kind::Service, "another", &wishes);
    let subject = &notifier.subjects[service.0];
    assert_eq!((&*subject.name, subject.sequence), ("another", 0));
    assert!(subject.of.is_none());
}
