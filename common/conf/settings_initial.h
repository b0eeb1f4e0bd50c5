/*
 * settings_initial.h - the longer defaults of the table of settings; private to common/conf.
 */
#ifndef COMMON_CONF_SETTINGS_INITIAL_H
#define COMMON_CONF_SETTINGS_INITIAL_H

/* Where everybody can have an address, `dom:` says nothing about who writes. */
#define FREE_MAIL_DOMAINS                                                                    \
	"gmail.com googlemail.com outlook.com hotmail.com live.com msn.com passport.com\n"   \
	"hotmail.co.uk hotmail.de hotmail.es hotmail.fr hotmail.it live.co.uk live.de\n"     \
	"live.fr live.it live.nl outlook.de outlook.es outlook.fr outlook.it\n"              \
	"yahoo.com ymail.com rocketmail.com yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk\n"  \
	"yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it\n"       \
	"aol.com aim.com verizon.net icloud.com me.com mac.com comcast.net att.net\n"        \
	"sbcglobal.net bellsouth.net cox.net charter.net\n"                                  \
	"gmx.de gmx.net gmx.at gmx.ch gmx.com web.de freenet.de t-online.de arcor.de\n"      \
	"mail.de posteo.de posteo.net mailbox.org\n"                                         \
	"proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io\n"    \
	"fastmail.com fastmail.fm hushmail.com mail.com email.com zoho.com zohomail.com\n"   \
	"yandex.ru yandex.com ya.ru mail.ru bk.ru inbox.ru list.ru rambler.ru ukr.net\n"     \
	"orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it\n" \
	"btinternet.com sky.com talktalk.net wp.pl o2.pl onet.pl interia.pl seznam.cz\n"     \
	"qq.com foxmail.com 163.com 126.com yeah.net sina.com sohu.com naver.com\n"          \
	"daum.net hanmail.net rediffmail.com uol.com.br bol.com.br terra.com.br"

/* Four fields as the distribution has them (SPEC 9.2), then ours. */
#define HEADERS                                                                     \
	"all Checker-Version SpamAssassin _VERSION_ (_SUBVERSION_) on _HOSTNAME_\n" \
	"spam Flag _YESNOCAPS_\n"                                                   \
	"all Level _STARS(*)_\n"                                                    \
	"all Status \"_YESNO_, score=_SCORE_ required=_REQD_ tests=_TESTS_ "        \
	"autolearn=_AUTOLEARN_ version=_VERSION_\"\n"                               \
	"all Trust-Tier _TRUSTTIER_\n"                                              \
	"all Trust-Evidence _TRUSTEVIDENCE_\n"                                      \
	"all Trust-Path _TRUSTPATH_"

#define REPORT                                                                             \
	"The mail filter on \"_HOSTNAME_\" has looked at this message and\n"               \
	"_YESNO(takes it for spam,does not take it for spam)_. If the message was\n"       \
	"wrapped, the original is attached unchanged, so that you can judge it\n"          \
	"yourself. Questions are answered by _CONTACTADDRESS_.\n"                          \
	"\"\"\n"                                                                           \
	"Content preview:  _PREVIEW_\n"                                                    \
	"\"\"\n"                                                                           \
	"Content analysis details:   (_SCORE_ points, _REQD_ required)\n"                  \
	"\"\"\n"                                                                           \
	"\" pts rule name              description\"\n"                                    \
	"---- ---------------------- --------------------------------------------------\n" \
	"_SUMMARY_"

#define UNSAFE_REPORT                                                                     \
	"The original is not plain text. Some mail programs may show pictures or run\n"   \
	"parts of it when they open it, which can do harm or tell the sender that your\n" \
	"address is read. If you must look at it, save it to a file and open that with\n" \
	"an editor."

#endif
