/*
 * bench_mail.c - what reading the header of an ordinary message costs.
 *
 * One line per measurement, `name value unit`: the median of many batches, one thread, warm
 * caches. The message has 4 KiB and 26 fields, as mail that passed two servers and a filter.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/dynbuf.h"
#include "common/mail/address_list.h"
#include "common/mail/auth_results.h"
#include "common/mail/dkim_signature.h"
#include "common/mail/header.h"
#include "common/mail/received.h"

#define BATCHES      101
#define BATCH_RUNS   1000
#define MESSAGE_SIZE 4096

struct bench {
	struct slice message;
	struct header header;
	struct arena kept;    /* of header */
	struct arena scratch; /* of one run */
};

static const char head[] =
	"Received: from mail.example.net (mail.example.net [192.0.2.25])\r\n"
	"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
	"\tby mx.example.org (Postfix) with ESMTPS id 4F3B00\r\n"
	"\tfor <bob@example.org>; Mon, 23 Nov 2026 09:00:01 +0000 (UTC)\r\n"
	"Authentication-Results: mx.example.org; dkim=pass (2048-bit key; unprotected)\r\n"
	"\theader.d=example.net header.i=@example.net header.a=rsa-sha256 header.s=s2026\r\n"
	"\theader.b=Uq9dXy3P; dmarc=pass (p=none dis=none) header.from=example.net;\r\n"
	"\tspf=pass (mx.example.org: domain of alice@example.net designates 192.0.2.25 as\r\n"
	"\tpermitted sender) smtp.mailfrom=alice@example.net\r\n"
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.net; s=s2026;\r\n"
	"\tt=1795424400; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
	"\th=From:To:Subject:Date:Message-ID; b=Uq9dXy3PpU0n5Jc9mA7l2r+Qh3V4o1bS8kT6wE5yZ\r\n"
	"\tuG2iX7fD1cN9aB4eH6jL8mq3R5tW7yA9sD1fG3hJ5kL7zX9cV1bN3mQ5wE7rT9yU1iO3pA5sD7fG9h==\r\n"
	"From: \"Alice, of Example\" <alice@example.net>\r\n"
	"To: bob@example.org\r\n";

static void
make_message(struct dynbuf *out)
{
	dynbuf_add_str(out, head);
	for (int i = 0; i < 21; i++) {
		dynbuf_printf(out, "X-Field-%d: the value of a field like many\r\n", i);
	}
	dynbuf_add_str(out, "\r\n");
	while (dynbuf_slice(out).len < MESSAGE_SIZE) {
		dynbuf_add_str(out, "text of the body\r\n");
	}
	dynbuf_truncate(out, MESSAGE_SIZE);
}

static void
require(bool ok)
{
	if (!ok) {
		fprintf(stderr, "bench_mail: the message was not understood\n");
		exit(1);
	}
}

static void
run_header(struct bench *b)
{
	struct header h;

	require(header_parse(b->message, &HEADER_LIMITS_DEFAULT, &b->scratch, &h) == 0);
	require(h.count == b->header.count);
}

static struct slice
body_of(const struct bench *b, struct slice name)
{
	return header_find(&b->header, name, 0)->body;
}

static void
run_from(struct bench *b)
{
	struct address_list list;

	require(address_list_parse(body_of(b, SLICE("From")), true, &b->scratch, &list) == 0);
	require(address_list_is_single(&list));
}

static void
run_received(struct bench *b)
{
	struct received r;

	received_parse(body_of(b, SLICE("Received")), &r);
	require(r.kind == RECEIVED_FROM_PEER);
}

static void
run_auth_results(struct bench *b)
{
	struct auth_results results;

	require(auth_results_parse(body_of(b, SLICE("Authentication-Results")), &b->scratch,
			&results, NULL) == 0);
}

static void
run_dkim_signature(struct bench *b)
{
	struct dkim_signature sig;

	require(dkim_signature_parse(
			body_of(b, SLICE("DKIM-Signature")), &b->scratch, &sig, NULL) == 0);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* measure - prints the median of a run in nanoseconds */
static void
measure(struct bench *b, const char *name, void (*run)(struct bench *b))
{
	uint64_t batch_ns[BATCHES];

	for (size_t i = 0; i < BATCHES; i++) {
		uint64_t start_ns = clock_mono_ns();

		for (size_t k = 0; k < BATCH_RUNS; k++) {
			arena_reset(&b->scratch);
			run(b);
		}
		batch_ns[i] = clock_mono_ns() - start_ns;
	}
	qsort(batch_ns, BATCHES, sizeof(batch_ns[0]), compare);
	printf("%s %llu ns\n", name, (unsigned long long)(batch_ns[BATCHES / 2] / BATCH_RUNS));
}

int
main(void)
{
	struct bench b = {.message = {0}};
	struct dynbuf message;

	dynbuf_init(&message, 2 * MESSAGE_SIZE);
	arena_init(&b.kept, 1024 * 1024);
	arena_init(&b.scratch, 1024 * 1024);
	make_message(&message);
	require(dynbuf_error(&message) == 0);
	b.message = dynbuf_slice(&message);
	require(header_parse(b.message, &HEADER_LIMITS_DEFAULT, &b.kept, &b.header) == 0);

	measure(&b, "mail_header_4k", run_header);
	measure(&b, "mail_from", run_from);
	measure(&b, "mail_received", run_received);
	measure(&b, "mail_auth_results", run_auth_results);
	measure(&b, "mail_dkim_signature", run_dkim_signature);

	arena_fini(&b.scratch);
	arena_fini(&b.kept);
	dynbuf_fini(&message);
	return 0;
}
