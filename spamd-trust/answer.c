#include "spamd-trust/answer.h"

#include "spamd-trust/markup.h"
#include "spamd-trust/report.h"

/* add_symbols - rule names in bytewise order */
static void
add_symbols(const struct presentation *p, struct dynbuf *out)
{
	if (p->verdict->rule_count > 0) {
		template_expand(p, SLICE("_TESTS_"), out);
	}
}

void
answer_request(struct spamd_proto *proto, const struct presentation *p)
{
	enum spamd_command command = spamd_proto_request(proto)->command;
	struct slice rest = {0};

	switch (command) {
	case SPAMD_SYMBOLS:
		add_symbols(p, spamd_proto_reply_body(proto));
		break;
	case SPAMD_REPORT:
		report_write(p, spamd_proto_reply_body(proto));
		break;
	case SPAMD_REPORT_IFSPAM:
		if (p->verdict->is_spam) {
			report_write(p, spamd_proto_reply_body(proto));
		}
		break;
	case SPAMD_PROCESS:
		markup_write(p, spamd_proto_reply_body(proto), &rest);
		spamd_proto_reply_rest(proto, rest);
		break;
	case SPAMD_HEADERS:
		markup_write_headers(p, spamd_proto_reply_body(proto));
		break;
	case SPAMD_CHECK:
	case SPAMD_TELL:
	case SPAMD_SKIP:
	case SPAMD_PING:
		break;
	}
	spamd_proto_reply_verdict(proto, p->verdict);
}
