/**
 * Providers where anybody gets an address, so that the domain says nothing about the company.
 *
 * Kept by hand: the lists on npm mix in companies and reserved names, and one company too many is a customer not found
 * (docs/decisions/0004).
 */
export const FREE_MAIL_DOMAINS: ReadonlySet<string> = new Set(
  `
  gmail.com googlemail.com
  outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp outlook.co.uk outlook.com.br hotmail.com hotmail.co.uk hotmail.de
  hotmail.fr hotmail.it hotmail.es hotmail.nl hotmail.be hotmail.ca hotmail.com.br live.com live.co.uk live.de live.fr live.it live.nl
  live.be live.ca live.com.au live.dk live.se live.no msn.com passport.com windowslive.com
  yahoo.com yahoo.co.uk yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.ca yahoo.in yahoo.co.in yahoo.co.jp yahoo.com.au yahoo.com.br
  yahoo.com.mx yahoo.com.ar yahoo.com.sg yahoo.com.hk yahoo.com.tw yahoo.co.id yahoo.ie yahoo.gr yahoo.se yahoo.no yahoo.dk yahoo.pl
  ymail.com rocketmail.com myyahoo.com aol.com aol.de aol.co.uk aol.fr aim.com love.com netscape.net verizon.net
  icloud.com me.com mac.com
  proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tutamail.com tuta.com tuta.io keemail.me
  fastmail.com fastmail.fm hey.com hushmail.com mailfence.com posteo.de posteo.net mailbox.org disroot.org riseup.net
  gmx.com gmx.net gmx.de gmx.at gmx.ch gmx.fr gmx.co.uk gmx.us web.de mail.com email.com usa.com freenet.de t-online.de arcor.de
  online.de 1und1.de kabelmail.de vodafone.de email.de unitybox.de o2online.de
  bluewin.ch hispeed.ch sunrise.ch aon.at chello.at a1.net
  free.fr orange.fr wanadoo.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr club-internet.fr
  libero.it virgilio.it tiscali.it alice.it tin.it inwind.it iol.it email.it aruba.it
  telefonica.net terra.es ono.com
  sapo.pt ziggo.nl kpnmail.nl xs4all.nl planet.nl hetnet.nl home.nl upcmail.nl casema.nl chello.nl telenet.be skynet.be proximus.be
  btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com blueyonder.co.uk tiscali.co.uk plus.net eircom.net
  comcast.net xfinity.com att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com netzero.net optonline.net
  frontier.com frontiernet.net centurylink.net windstream.net mindspring.com
  rogers.com bell.net shaw.ca sympatico.ca telus.net videotron.ca cogeco.ca
  bigpond.com bigpond.net.au optusnet.com.au iinet.net.au tpg.com.au xtra.co.nz
  mail.ru inbox.ru list.ru bk.ru internet.ru yandex.ru yandex.com ya.ru rambler.ru ukr.net i.ua
  wp.pl o2.pl onet.pl interia.pl op.pl poczta.onet.pl gazeta.pl tlen.pl seznam.cz email.cz centrum.cz centrum.sk azet.sk freemail.hu
  citromail.hu abv.bg mail.bg otenet.gr online.no telia.com comhem.se spray.se luukku.com suomi24.fi
  qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn aliyun.com 21cn.com
  naver.com hanmail.net daum.net nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com
  rediffmail.com indiatimes.com sify.com
  uol.com.br bol.com.br terra.com.br globo.com globomail.com ig.com.br r7.com zipmail.com.br prodigy.net.mx
  zoho.com zohomail.com zohomail.eu inbox.com lycos.com excite.com mail2world.com safe-mail.net runbox.com duck.com
  `
    .trim()
    .split(/\s+/),
);
